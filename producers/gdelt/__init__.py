"""GDELT: its event exports, and the stream of its newest ones."""
