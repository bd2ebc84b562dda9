"""The methods that the paper compares with, one file each.

Some draw each picture by an optimisation of its own (``gatys``, ``analogy``) and are
:class:`toonmark.evaluation.drawers.Drawer` without any training. Others are trained by the same
loop as ours.
"""
