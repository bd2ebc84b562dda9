"""Clips: faces followed from frame to frame, drawn, and put back together with their sound."""
