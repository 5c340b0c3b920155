"""What a restart knows: the journal on the disk."""
