"""What is known: instruments, sessions, fees and the bars on disk."""
