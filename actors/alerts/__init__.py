"""What a person who is not at the terminal is told, and by which way."""
