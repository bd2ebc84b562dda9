"""Toonmark in a browser: pip install '.' gradio, then python examples/gradio_app.py"""

import gradio

from toonmark import Cartoonizer, ToonmarkError

cartoonizer = Cartoonizer("comic")


def draw(photo):
    try:
        return cartoonizer(photo)[0].image
    except ToonmarkError as error:
        raise gradio.Error(str(error)) from error


app = gradio.Interface(draw, gradio.Image(label="Photo"), gradio.Image(label="Cartoon"))
if __name__ == "__main__":
    app.launch()
