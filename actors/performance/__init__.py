"""How fast and how large the node is, in histograms with goals."""
