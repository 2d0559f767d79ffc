"""The benchmark: `python -m tests.bench`, which is what `make bench` runs."""
