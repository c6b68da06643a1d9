"""The report as a page, with the worst pictures drawn."""
