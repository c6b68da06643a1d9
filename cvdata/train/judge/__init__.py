"""What became of a run: metrics, pictures, diagnosis, comparison."""
