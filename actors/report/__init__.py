"""The account of a session: figures, files, one page."""
