"""A node for ComfyUI: copy this file into custom_nodes/ and install Toonmark beside ComfyUI."""

import functools

import numpy as np
import torch

from toonmark import Cartoonizer
from toonmark.styles import list_styles

cartoonizer = functools.cache(Cartoonizer)  # a style is opened once


class ToonmarkCartoon:
    """The largest face of each image, as a cartoon; stops with the reason where there is none."""

    CATEGORY = "image/stylize"
    FUNCTION = "draw"
    RETURN_TYPES = ("IMAGE", "MASK")

    @classmethod
    def INPUT_TYPES(cls):  # noqa: N802, ComfyUI's name
        size = {"default": 512, "min": 64, "max": 4096}
        styles = [style.name for style in list_styles()]
        return {"required": {"image": ("IMAGE",), "style": (styles,), "size": ("INT", size)}}

    def draw(self, image, style, size):
        """(N, H, W, 3) float in [0, 1] to (N, size, size, 3) and (N, size, size), 1 is white."""
        photos = list((image.cpu().numpy() * 255).round().astype(np.uint8))
        drawn = [found[0].resized(size, transparent=True) for found in cartoonizer(style)(photos)]
        pixels = torch.from_numpy(np.stack(drawn)).float() / 255
        return pixels[..., :3], 1 - pixels[..., 3]


NODE_CLASS_MAPPINGS = {"ToonmarkCartoon": ToonmarkCartoon}
NODE_DISPLAY_NAME_MAPPINGS = {"ToonmarkCartoon": "Toonmark cartoon"}
