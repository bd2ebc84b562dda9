"""Cartoons with exact landmarks, drawn from the parts of the npm package facesjs.

``parts`` fetches and reads the drawn parts, ``population`` knows how faces are distributed,
``sampling`` draws a person, ``drawing`` composes the picture, ``dataset`` writes a folder of them.
"""
