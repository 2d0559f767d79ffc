"""Damaged files of every feed: what comes out of them is a clear error or dead letters, in bounded time and memory."""
