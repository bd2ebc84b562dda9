"""Landmarks without drudgery: a page to correct proposals, and where they are kept."""
