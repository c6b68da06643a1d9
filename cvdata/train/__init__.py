"""Train a network on a dataset: a run folder that can be read, resumed, compared and trusted."""
