"""Models that can be asked for labels: one file per family, found by being here; see `family`."""
