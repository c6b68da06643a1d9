"""Weights from files and from the publishers, and which of them stay as they are."""
