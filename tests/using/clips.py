"""Small clips, made and read by PyAV itself."""

from __future__ import annotations

from fractions import Fraction

import cv2
import numpy as np

FRAMES, RATE = 20, 10


def swaying(picture, i):
    """The face moves along an ellipse and leans a little: (360, 480, 3)."""
    turn = 2 * np.pi * i / FRAMES
    move = cv2.getRotationMatrix2D((220, 130), 4 * np.sin(turn), 1.4)
    move[:, 2] += (20 + 25 * np.cos(turn), 40 + 10 * np.sin(turn))
    return cv2.warpAffine(picture, move, (480, 360), borderMode=cv2.BORDER_REPLICATE)


def write_clip(path, frames, sound=True, codec="mpeg4", options=None, pixel=None, sounds=("aac",)):
    """Frames of (h, w, 3) uint8 as a film; a hum of one codec for each of its sound tracks."""
    import av

    with av.open(str(path), "w") as file:
        video = file.add_stream(codec, rate=RATE, options=options or {})
        video.height, video.width = frames[0].shape[:2]
        video.pix_fmt, video.bit_rate = "yuvj420p" if codec == "mjpeg" else "yuv420p", 4_000_000
        if pixel is not None:
            video.sample_aspect_ratio = pixel
        names = sounds if sound else ()
        tracks = [file.add_stream(name, rate=16000, layout="mono") for name in names]
        for frame in frames:
            file.mux(video.encode(av.VideoFrame.from_ndarray(frame, "rgb24")))
        file.mux(video.encode(None))
        for track in tracks:
            for start in range(0, len(frames) * 16000 // RATE, 1024):
                wave = np.sin(np.arange(start, start + 1024) / 8)
                wave = np.rint(wave * 2**14).astype(np.int16)[None]
                block = av.AudioFrame.from_ndarray(wave, "s16", "mono")
                block.sample_rate, block.pts = 16000, start
                file.mux(track.encode(block))
            file.mux(track.encode(None))
    return path


def write_sizes(path, frames):
    """The same of frames of several sizes, each of them a JPEG."""
    import av

    with av.open(str(path), "w", format="matroska") as file:
        video = file.add_stream("mjpeg", rate=RATE)
        video.height, video.width = frames[0].shape[:2]
        video.pix_fmt = "yuvj420p"
        for number, pixels in enumerate(frames):
            codec = av.CodecContext.create("mjpeg", "w")
            codec.height, codec.width = pixels.shape[:2]
            codec.pix_fmt, codec.time_base = "yuvj420p", Fraction(1, RATE)
            frame = av.VideoFrame.from_ndarray(pixels, "rgb24")
            for packet in codec.encode(frame) + codec.encode(None):
                packet.stream, packet.time_base = video, Fraction(1, RATE)
                packet.pts = packet.dts = number
                file.mux(packet)
    return path


def write_jpegs(path, jpegs):
    """A film of JPEG files as they are, 480 × 360."""
    import av

    with av.open(str(path), "w") as file:
        video = file.add_stream("mjpeg", rate=RATE)
        video.height, video.width, video.pix_fmt = 360, 480, "yuvj420p"
        for number, jpeg in enumerate(jpegs):
            packet = av.Packet(jpeg)
            packet.stream, packet.time_base = video, Fraction(1, RATE)
            packet.pts = packet.dts = number
            file.mux(packet)
    return path


def read_clip(path):
    """Its frames, the first sound track's packets, and how long it is."""
    import av

    with av.open(str(path)) as file:
        frames = [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]
    with av.open(str(path)) as file:
        sounds = [bytes(p) for p in file.demux(audio=0) if p.size] if file.streams.audio else []
        return frames, sounds, float(file.duration) / av.time_base


def with_matrix(path, matrix):
    """An MP4 or MOV with another display matrix in its first track: a, b, c, d of 1 or -1."""
    a, b, c, d = matrix
    data = bytearray(path.read_bytes())
    start = data.index(b"tkhd") + 44
    one = [a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30]
    data[start : start + 36] = np.array(one, ">i4").tobytes()
    path.write_bytes(data)
    return path
