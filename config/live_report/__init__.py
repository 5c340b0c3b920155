"""From the journal of a live session to the record of its report."""
