"""Models propose labels, people decide: looking, reviewing a sample, accepting, and what to label next."""
