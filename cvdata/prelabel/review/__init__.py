"""A person looks at a small sample of proposals; what that says of all of them."""
