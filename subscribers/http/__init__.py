"""The HTTP service: what the log says, asked for, pushed into it, and followed."""
