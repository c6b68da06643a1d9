"""What a network sees in whole pictures, as vectors: to find pictures like one, or like nothing seen."""
