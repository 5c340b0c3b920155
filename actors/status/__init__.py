"""How the node stands, and what its operator asks of it."""
