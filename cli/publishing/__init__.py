"""What goes into the log: files of feeds, releases, watched providers, and what was refused."""
