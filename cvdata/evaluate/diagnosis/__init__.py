"""What went wrong where: kinds of error and their cost, verdicts, curves, probable label errors."""
