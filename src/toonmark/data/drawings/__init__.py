"""Training targets for distillation: a style's drawings of photos, post-processed.

A teacher's drawings have the photo's colours and shape only nearly, and marks where the light was
hard. A student (``toonmark distill``) learns whatever it is shown, so its examples may be better
than its teacher: the median over several views of each photo, in flat colours, the person's own,
with an outline where the person ends.
"""
