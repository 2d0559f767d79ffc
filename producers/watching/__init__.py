"""Following a provider: what it has added since the last look, and how far that was published."""
