"""What the page costs a browser: bytes and seconds to the first cartoon; photos; the camera.

``python benchmarks/page.py``, or ``python benchmarks/page.py camera`` for that alone, in a source
tree, with the page built and the extra [dev]; Debian's Chromium, headless, without a graphics card.
On a busy machine the seconds say little.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import cv2
import skimage.data

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.web import browser

#: What finds faces in a photo: not needed for the first cartoon, whose points are known.
FINDERS = ("yunet", "landmarks")


def main() -> None:
    if missing := browser.missing():
        sys.exit(missing)
    with tempfile.TemporaryDirectory() as name, browser.server() as address:
        folder = Path(name)
        if sys.argv[1:] == ["camera"]:
            rows = camera(address, folder)
        else:
            rows = [*first_load(address), *photos(address, folder), *camera(address, folder)]
            rows.append(first_visit(address, folder))
    for what, value, unit, goal in rows:
        line = f"{what:44} {value:7.2f} {unit:5}"
        if goal is not None:
            kept = value >= goal if unit == "/s" else value <= goal
            line += f" goal {goal:g}{'' if kept else '   MISSED'}"
        print(line.rstrip())
    print(f"load while measured: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


Row = tuple[str, float, str, float | None]


def first_load(address: str) -> list[Row]:
    """Of an empty browser."""
    with browser.chromium() as chromium:
        page = chromium.new_context().new_page()
        requests: list[Any] = []
        page.context.on("request", lambda request: requests.append(request))
        started = time.monotonic()
        page.goto(address)
        page.wait_for_selector("[data-do=pick]")
        ready = time.monotonic() - started
        page.wait_for_selector("#example[data-state=drawn]", timeout=300_000)
        drawn = time.monotonic() - started
        first = sum(size for url, size in fetched(requests) if not is_finder(url))
        while len([url for url, _ in fetched(requests) if is_finder(url)]) < len(FINDERS):
            page.wait_for_timeout(200)
        page.wait_for_timeout(2000)
        everything = sum(size for _, size in fetched(requests))
    return [
        ("bytes to the first cartoon", first / 1e6, "MB", 4.5),
        ("bytes with what finds faces, kept for offline", everything / 1e6, "MB", 5.5),
        ("to where one can choose a photo", ready, "s", 1),
        ("to the first cartoon", drawn, "s", 5),
    ]


def fetched(requests: list[Any]) -> list[tuple[str, int]]:
    """Address and bytes over the network, of what has come."""
    own = [one for one in requests if one.url.startswith("http")]
    return [(one.url, one.sizes()["responseBodySize"]) for one in own if one.response()]


def is_finder(url: str) -> bool:
    return any(f"/{name}." in url for name in FINDERS)


def photos(address: str, folder: Path) -> list[Row]:
    """From the drop to the drawing, the networks being ready; and what that costs in processor
    time, which says something on a busy machine too."""
    rows: list[Row] = []
    with browser.chromium() as chromium:
        page = browser.open_page(chromium, address)
        page.wait_for_selector("#example[data-state=drawn]")
        for what, edge, goal in (
            ("warm", 512, 60),
            ("512 × 512", 512, 0.8),
            ("3464 × 3464", 3464, 2),
        ):
            picture = cv2.resize(skimage.data.astronaut(), (edge, edge))
            cv2.imwrite(str(folder / "photo.jpg"), picture[..., ::-1])
            started, spent = time.monotonic(), processor_time()
            browser.drop(page, [folder / "photo.jpg"])
            page.wait_for_selector(".photo[data-state=drawn]")
            assert page.locator(".face").count() == 1
            rows += [
                (f"a photo of {what}", time.monotonic() - started, "s", goal),
                (f"a photo of {what}", processor_time() - spent, "CPU s", None),
            ]
            page.click(".photo header button")
    return rows[2:]


def camera(address: str, folder: Path, frames: int = 30) -> list[Row]:
    """Drawings a second of one face; what each costs in processor time, which says something on a
    busy machine too; and the stages of one, in which a worker waits for a core as well. The goal is
    that of 15 a second on two cores."""
    rows: list[Row] = []
    with browser.chromium(*browser.fake_camera(folder, skimage.data.astronaut())) as chromium:
        page = browser.open_page(chromium, address, permissions=["camera"])
        seen = "document.querySelector('#camera').dataset.frames"
        for style in page.eval_on_selector_all("input[name=style]", "all => all.map(e => e.value)"):
            page.check(f"input[value={style}]", force=True)
            page.click("[data-do=camera]:visible")
            page.wait_for_function(f"() => {seen} >= 8")
            first, spent = int(page.evaluate(seen)), processor_time()
            page.wait_for_function(f"n => {seen} >= n", arg=first + frames)
            drawn = int(page.evaluate(seen)) - first
            rate = float(page.get_attribute("#camera", "data-rate"))
            rows += [
                (f"camera, {style}", rate, "/s", 15),
                (
                    f"camera, {style}: a drawing",
                    (processor_time() - spent) / drawn,
                    "CPU s",
                    2 / 15,
                ),
            ]
            stages = json.loads(page.get_attribute("#camera", "data-spent"))
            counted = int(page.evaluate(seen)) // 5 * 5  # what is spent is told at every fifth
            rows += [
                (f"camera, {style}: {stage}", spent / counted, "ms", None)
                for stage, spent in stages.items()
            ]
            page.click("#camera button:text-is('Stop')")
    return rows


def first_visit(address: str, folder: Path) -> Row:
    """A phone's browser, new to the page: from its address to a picture taken, drawn and saved, by
    somebody who finds each button at once."""
    phone: dict[str, Any] = {"viewport": {"width": 390, "height": 800}, "has_touch": True}
    with browser.chromium(*browser.fake_camera(folder, skimage.data.astronaut())) as chromium:
        started = time.monotonic()
        page = browser.open_page(chromium, address, permissions=["camera"], **phone)
        page.click("[data-do=camera]:visible")
        page.wait_for_selector("#camera[data-face=yes]")
        page.click("button:text('Take this one')")
        browser.drawn(page)
        with page.expect_download():
            page.locator("button:text-is('Save')").first.click()
        return "first visit, by the camera, to a file", time.monotonic() - started, "s", 30


def processor_time() -> float:
    """Seconds that the drawing threads of the browsers which this process has begun have computed;
    what shows the film is not counted, as it costs the more the longer it runs."""
    parents, times = {}, {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parents[int(entry.name)] = int(_stat(entry)[1][1])
            threads = [_stat(thread) for thread in (entry / "task").iterdir()]
        except OSError:
            continue  # it has ended meanwhile
        ticks = (int(f[11]) + int(f[12]) for name, f in threads if name == "DedicatedWorker")
        times[int(entry.name)] = sum(ticks) / os.sysconf("SC_CLK_TCK")

    def is_own(process: int) -> bool:
        while process > 1:
            if process == os.getpid():
                return True
            process = parents.get(process, 0)
        return False

    return sum(spent for process, spent in times.items() if is_own(process))


def _stat(entry: Path) -> tuple[str, list[str]]:
    """A process's or thread's name and what follows it (proc_pid_stat(5)), from its state on."""
    text = (entry / "stat").read_text()
    name, fields = text[text.index("(") + 1 :].rsplit(")", 1)
    return name, fields.split()


if __name__ == "__main__":
    main()
