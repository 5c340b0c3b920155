"""Bars that are heard, kept and counted."""
