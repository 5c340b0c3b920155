"""Who watches the line to the broker: its state, both books, the age of the data."""
