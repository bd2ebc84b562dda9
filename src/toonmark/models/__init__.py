"""The networks of the paper, and a small set of networks made for a plain CPU."""
