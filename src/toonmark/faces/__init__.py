"""Faces in photos: found, their five points refined, cropped; pose, axes and colours."""
