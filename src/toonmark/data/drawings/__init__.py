"""Photos drawn by a style, and the drawings finished by what the photos show.

A teacher's drawings have the photo's colours and shape only nearly, and marks where the light was
hard. A student (``toonmark distill``) learns whatever it is shown, so its examples may be better
than its teacher: the median over several views of each photo, in flat colours, the person's own,
with an outline where the person ends.
"""
