"""`cvdata demo`."""
