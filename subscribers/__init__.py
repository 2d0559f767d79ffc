"""Readers of the public topics: a module per topic."""
