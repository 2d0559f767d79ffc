"""One module per source: a pure `parse` from bytes to events, and the thin loop that publishes them."""
