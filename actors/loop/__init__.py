"""The event loop: its start, its life and its end."""
