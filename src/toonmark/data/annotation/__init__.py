"""Landmarks without drudgery: a page to correct proposals, a regressor that learns from it."""
