"""Where alerts go, and those of a node that does not run."""
