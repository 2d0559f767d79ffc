"""A cluster that lets in only those it knows: how we are let in, and who is given which access."""
