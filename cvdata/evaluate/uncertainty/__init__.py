"""How sure the figures are: intervals, comparisons of two models, slices."""
