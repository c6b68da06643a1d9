"""Whole-picture labels: accuracy, and whether confidences can be believed."""
