"""What a person looks at: pages, plots, pictures with their labels drawn, and the numbers of a dataset."""
