"""ACLED: its exports, its API, and how it writes names and times."""
