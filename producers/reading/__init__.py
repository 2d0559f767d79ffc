"""From the bytes of a file to the cells of its rows; what a feed makes of them, its own module says."""
