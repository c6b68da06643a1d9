"""Proposals become truth: those that are sure enough, and those that a person has seen."""
