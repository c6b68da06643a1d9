"""Datasets in FiftyOne, and back; the only files that import it."""
