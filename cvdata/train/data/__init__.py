"""From the columns of a dataset to batches of tensors."""
