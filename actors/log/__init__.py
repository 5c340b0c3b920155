"""What is said at the terminal and in the log."""
