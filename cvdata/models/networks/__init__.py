"""One file per family of networks; its name begins with its task."""
