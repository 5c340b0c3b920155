"""A live session: start, node, line, end."""
