"""What may be set: the settings, where they are read from, and what is built of them."""
