"""How much the server takes: many clients at once, against the pipeline alone in a loop.

    python benchmarks/serving.py --style mine.onnx            # 60 s, 16 clients, 1024² photos
    python benchmarks/serving.py --seconds 5 --clients 4      # a first look
    python benchmarks/serving.py --idle 300 --tricklers 32    # beside connections that do nothing

Beside such connections it is measured without them first: on a busy machine only the two together
say anything. The loop runs on the same cores, before. The clients' own work (they send, receive and
throw away) is part of the server's figure; the loop does all that a request does: decodes, finds,
draws, writes a PNG.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import json
import os
import re
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import numpy as np


def make_photos(count: int, side: int) -> list[bytes]:
    """JPEGs of one real face each, placed differently, so that nothing could be cached."""
    import cv2
    import skimage.data
    from PIL import Image

    random = np.random.default_rng(0)
    face = skimage.data.astronaut()
    photos = []
    for _ in range(count):
        turn = cv2.getRotationMatrix2D((220, 120), random.uniform(-8, 8), random.uniform(1.6, 2.4))
        turn[:, 2] = turn[:, 2] + random.uniform(150, 350, 2)
        view = cv2.warpAffine(face, turn, (side, side), borderMode=cv2.BORDER_REFLECT)
        buffer = io.BytesIO()
        Image.fromarray(view).save(buffer, "JPEG", quality=90)
        photos.append(buffer.getvalue())
    return photos


def alone(style: str, photos: list[bytes], seconds: float, workers: int) -> float:
    """Photos a second of the pipeline in a loop: the better of one loop, and one a core."""
    import cv2

    from toonmark import Cartoonizer, pictures

    rates = []
    for threads, loops in ((workers, 1), (1, workers)):
        cv2.setNumThreads(threads)
        cartoonizer = Cartoonizer(style, threads=threads)
        cartoonizer(photos[0])
        end = time.monotonic() + seconds

        def loop(number: int, cartoonizer: Cartoonizer = cartoonizer, end: float = end) -> int:
            done = 0
            while time.monotonic() < end:
                cartoon = cartoonizer(photos[(done + number) % len(photos)])[0]
                pictures.encode(cartoon.resized(512), ".png")
                done += 1
            return done

        start = time.monotonic()
        with ThreadPoolExecutor(loops) as pool:
            done = sum(pool.map(loop, range(loops)))
        rates.append(done / (time.monotonic() - start))
    return max(rates)


async def idle(host: str, port: int, count: int) -> None:
    """Connections that send nothing or half a head, made again when the server ends them."""

    async def hold(number: int) -> None:
        while True:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection(host, port)
                if number % 2:
                    writer.write(b"POST /cartoonize HTTP/1.1\r\nHost: localhost\r\nX-")
                await reader.read()
                writer.close()
            await asyncio.sleep(0.5)

    await asyncio.gather(*(hold(number) for number in range(count)))


async def trickle(host: str, port: int, count: int) -> None:
    """Uploads of a byte a second, begun again when the server ends them."""
    head = b"POST /cartoonize HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"

    async def send() -> None:
        while True:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection(host, port)
                writer.write(head)
                answer = asyncio.ensure_future(reader.read(1))
                while not answer.done():
                    writer.write(b"x")
                    await writer.drain()
                    await asyncio.sleep(1)
                answer.exception()
                writer.close()
            await asyncio.sleep(0.5)

    await asyncio.gather(*(send() for _ in range(count)))


async def load(
    address: str,
    style: str,
    photos: list[bytes],
    clients: int,
    seconds: float,
    process: int,
    nuisance: tuple[int, int] = (0, 0),
) -> dict[str, object]:
    """Clients that ask again as soon as they are answered, and wait as long as a 503 says.

    Args:
        nuisance: idle connections, and uploads that trickle, beside them.
    """
    times: list[float] = []
    statuses: dict[str, int] = {}
    memory: list[float] = []
    end = time.monotonic() + seconds
    start = time.monotonic()

    async def ask(client: httpx2.AsyncClient, number: int) -> None:
        while time.monotonic() < end:
            begun = time.monotonic()
            photo = photos[number % len(photos)]
            number += 1
            try:
                answer = await client.post(f"/cartoonize?style={style}", content=photo)
                key = str(answer.status_code)
            except httpx2.HTTPError as error:
                key = type(error).__name__
            statuses[key] = statuses.get(key, 0) + 1
            if key == "200":
                times.append(time.monotonic() - begun)
            elif key == "503":
                await asyncio.sleep(float(answer.headers["retry-after"]))

    async def watch() -> None:
        while time.monotonic() < end:
            memory.append(resident(process))
            await asyncio.sleep(max(0.5, seconds / 60))

    parts = urlsplit(address)
    place = str(parts.hostname), int(parts.port or 80)
    others: list[asyncio.Task[None]] = []
    limits = httpx2.Limits(max_connections=clients, max_keepalive_connections=clients)
    async with httpx2.AsyncClient(base_url=address, timeout=120, limits=limits) as client:
        await client.post(f"/cartoonize?style={style}", content=photos[0])  # opens the networks
        others.append(asyncio.create_task(idle(*place, nuisance[0])))
        others.append(asyncio.create_task(trickle(*place, nuisance[1])))
        await asyncio.gather(watch(), *(ask(client, i) for i in range(clients)))
    took = time.monotonic() - start
    for other in others:
        other.cancel()
    times.sort()
    middle = memory[len(memory) // 3 : len(memory) // 2 + 1] or memory
    return {
        "statuses": statuses,
        "photos_per_second": round(len(times) / took, 2),
        "latency_median_s": round(statistics.median(times), 3) if times else None,
        "latency_95_percent_s": round(times[int(0.95 * len(times))], 3) if times else None,
        "memory_mb": {
            "first": round(memory[0]),
            "at_half": round(statistics.mean(middle)),
            "last": round(memory[-1]),
            "most": round(max(memory)),
        },
    }


def resident(process: int) -> float:
    """Megabytes that a process has in memory."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    """Measures and prints JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--style", default="toon", help="a shipped style's name, or a file")
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--side", type=int, default=1024)
    parser.add_argument("--idle", type=int, default=0, help="connections that do nothing")
    parser.add_argument("--tricklers", type=int, default=0, help="uploads of a byte a second")
    parser.add_argument("--queue", type=int, default=32)
    parser.add_argument("--time-limit", type=float, default=30, help="the server's own, in seconds")
    arguments = parser.parse_args()
    workers = os.cpu_count() or 1
    photos = make_photos(12, arguments.side)
    single = alone(arguments.style, photos, min(20, arguments.seconds / 2), workers)

    command = [sys.executable, "-m", "toonmark", "serve", "--port", "0"]
    command += ["--queue", str(arguments.queue), "--time-limit", str(arguments.time_limit)]
    if Path(arguments.style).is_file():
        command += ["--style", arguments.style]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as server:
        try:
            assert server.stdout is not None
            found = re.search(r"http[^\s#]+", server.stdout.readline())
            assert found, "the server did not start"
            offered = [one["name"] for one in httpx2.get(f"{found[0]}styles").json()]
            style = arguments.style if arguments.style in offered else offered[0]
            nuisance = arguments.idle, arguments.tricklers
            given = found[0], style, photos, arguments.clients, arguments.seconds, server.pid
            undisturbed = asyncio.run(load(*given)) if any(nuisance) else None
            result = asyncio.run(load(*given, nuisance))
        finally:
            server.terminate()
    if undisturbed:
        result["undisturbed"] = undisturbed
    result["machine"] = f"load {os.getloadavg()[0]:.1f} on {workers} cores, nice {os.nice(0)}"
    result["pipeline_alone_photos_per_second"] = round(single, 2)
    result["share_of_pipeline_alone"] = round(float(str(result["photos_per_second"])) / single, 3)
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
