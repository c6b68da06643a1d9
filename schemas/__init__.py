"""JSON Schemas of every file that cvdata defines; made by `make schemas`."""
