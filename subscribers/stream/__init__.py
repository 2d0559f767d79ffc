"""The streams: what comes to stand in the public topics, told as it comes over server-sent events."""
