"""Numbers that match the papers, how sure they are, and where the errors lie."""
