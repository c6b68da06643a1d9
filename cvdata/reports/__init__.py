"""Numbers, tables, plots, pages and pictures about a dataset; it knows no command and no rule of its own."""
