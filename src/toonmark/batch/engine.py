"""The engine that runs a batch: Ray Data, which schedules, holds back and tries again."""

from __future__ import annotations

import json
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from toonmark._version import __version__
from toonmark.batch import addresses
from toonmark.batch.plan import Unit, open_plan
from toonmark.batch.settings import Counts, Settings, digest
from toonmark.batch.units import Drawer
from toonmark.errors import BatchError, ToonmarkError
from toonmark.inference import Runtime
from toonmark.styles.pack import DEFAULT_STYLE, FOLDER, StylePack, find

#: Bytes of shared memory of a cluster of our own: workers read and write by themselves, and only
#: numbers of units and counts go through it.
OBJECT_STORE = 128 * 2**20
#: How often a cluster of our own is begun before it is given up.
TRIES = 3
#: The most tasks that a batch is cut into; a task with several units saves the engine work.
TASKS = 10_000


class Ledger:
    """A :class:`~toonmark.batch.units.Book` that lives in an actor of its own."""

    def __init__(self) -> None:
        self._held: dict[int, list[int]] = {}
        self._crashes: dict[int, dict[int, int]] = {}

    def begin(self, unit: int) -> dict[int, int]:
        """Begins a unit; the photos that its last worker was drawing when it ended are crashes."""
        crashes = self._crashes.setdefault(unit, {})
        for place in self._held.pop(unit, []):
            crashes[place] = crashes.get(place, 0) + 1
        return dict(crashes)

    def holds(self, unit: int, places: list[int]) -> None:
        self._held[unit] = places
        if not places:
            self._held.pop(unit)

    def end(self, unit: int) -> None:
        """Forgets a unit that is drawn."""
        self._held.pop(unit, None)
        self._crashes.pop(unit, None)


class _RemoteBook:
    """The ledger's actor, as a worker sees it: every call has arrived when it returns."""

    def __init__(self, actor: Any) -> None:
        self._actor = actor

    def begin(self, unit: int) -> dict[int, int]:
        import ray

        return dict(ray.get(self._actor.begin.remote(unit)))

    def holds(self, unit: int, places: list[int]) -> None:
        import ray

        ray.get(self._actor.holds.remote(unit, places))


class Worker:
    """One actor: a warmed cartoonizer that draws units, each with one core.

    Args:
        content: the style pack's bytes where it does not ship, for a machine that has no such file.
    """

    def __init__(
        self, settings: str, content: bytes | None, output: str, runtime: Runtime, ledger: Any
    ) -> None:
        import cv2
        import pyarrow

        cv2.setNumThreads(1)
        pyarrow.set_cpu_count(1)
        chosen = Settings.model_validate_json(settings)
        if content is None:
            pack = StylePack.open(chosen.style, 1, runtime)
        else:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "style.onnx"
                file.write_bytes(content)
                pack = StylePack.open(file, 1, runtime)
        from toonmark.cartoonizer import Cartoonizer

        pack.check()  # the first drawing is slower than all others
        self._ledger = ledger
        cartoonizer = Cartoonizer(pack, 1, runtime)
        self._draw = Drawer(cartoonizer, chosen, output, _RemoteBook(ledger))

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Draws the units of a batch of rows; returns their counts."""
        counts = []
        for text in batch["unit"]:
            unit = Unit.model_validate_json(str(text))
            counts.append(self._draw(unit).model_dump_json())
            self._ledger.end.remote(unit.number)
        return {"counts": counts}


def run_batch(
    given: str,
    output: str,
    *,
    style: str = DEFAULT_STYLE,
    workers: int | None = None,
    address: str | None = None,
    runtime: Runtime = "cpu",
    gpus: float = 0.25,
    column: str | None = None,
    part: int | None = None,
    told: Callable[[Counts, int, int], None] = lambda counts, done, units: None,
    **chosen: Any,
) -> dict[str, Any]:
    """Draws a batch, or goes on with one.

    Args:
        given: see :func:`toonmark.batch.plan.open_plan`.
        output: a folder's address.
        workers: actors, each with one core; the cluster's cores unless told otherwise.
        address: of a Ray cluster that runs; None for one of this machine alone, for this batch.
        runtime: where networks run.
        gpus: what part of a GPU a worker takes, where ``runtime`` is one.
        part: photos a file, see :class:`~toonmark.batch.settings.Settings`; None for as many as
            suit their number, or as there are if the batch goes on.
        told: is given the counts so far, and how many units of all are done.
        chosen: other fields of :class:`~toonmark.batch.settings.Settings`.

    Returns:
        The manifest, as it is written to ``manifest.json``.

    Raises:
        BatchError: there are no photos, or the output belongs to another batch.
        ToonmarkError: the style cannot be opened, or the output cannot be written.
    """
    start = time.monotonic()
    file = find(style)
    content = file.read_bytes()
    metadata = StylePack.open(file, 1, runtime).metadata
    shipped = file.parent == FOLDER
    if part is not None:
        chosen["part"] = part
    settings = Settings(style=file.stem if shipped else file.name, digest=digest(content), **chosen)
    given, output = addresses.absolute(given), addresses.absolute(output)
    plan = open_plan(given, output, settings, column, fitted=part is None)
    settings = plan.settings
    units = [unit.model_dump_json() for unit in plan.units()]
    total = Counts()
    told(total, 0, len(units))
    with _cluster(address, workers) as cores:
        arguments = (settings.model_dump_json(), None if shipped else content, output, runtime)
        results = _results(units, arguments, workers or cores, gpus if runtime == "cuda" else 0)
        for done, counts in enumerate(results, 1):
            total.add(counts)
            told(total, done, len(units))
    manifest = {
        "toonmark": __version__,
        "input": given,
        "style": metadata.model_dump(mode="json", include={"name", "version", "licence", "terms"}),
        "settings": settings.model_dump(),
        **total.model_dump(),
        "units": len(units),
        "seconds_of_last_run": round(time.monotonic() - start, 1),
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    addresses.write_whole(addresses.joined(output, "manifest.json"), text.encode())
    return manifest


@contextmanager
def _cluster(address: str | None, workers: int | None) -> Iterator[int]:
    """Ray, as it runs there or begun for this batch; gives how many cores it has."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
    os.environ.setdefault("RAY_DATA_DISABLE_PROGRESS_BARS", "1")
    import ray
    import ray.data

    logging.getLogger("ray.data").setLevel(logging.ERROR)
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    if address is None:
        options |= {"num_cpus": workers or os.cpu_count(), "object_store_memory": OBJECT_STORE}
        options |= {"include_dashboard": False}
        _start(options)
    else:
        try:
            ray.init(address, **options)
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise BatchError(
                f"There is no Ray cluster ({error}).", "Check the address, or leave it out."
            ) from error
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    try:
        yield max(1, int(ray.cluster_resources().get("CPU", 1)))
    finally:
        ray.shutdown()


def _start(options: dict[str, Any]) -> None:
    """Begins a cluster of this machine alone.

    Its raylet gives up where its agent, a process of Python, takes more than 15 seconds to start
    (Ray's issue 65983): a machine with much other work needs more than one try.

    Raises:
        BatchError: it did not start.
    """
    import ray

    for left in reversed(range(TRIES)):
        try:
            ray.init("local", **options)
        except Exception as error:  # Ray raises no narrower one
            ray.shutdown()
            if not left:
                raise BatchError(
                    f"Ray did not start on this machine, tried {TRIES} times "
                    f"({str(error).rstrip('.')}).",
                    "Run the same command again when the machine has less other work.",
                ) from error
        else:
            return


def _results(
    units: list[str], arguments: tuple[Any, ...], workers: int, gpus: float
) -> Iterator[Counts]:
    """The counts of units as they are done, in any order."""
    import ray

    ledger = ray.remote(num_cpus=0)(Ledger).remote()
    drawn = ray.data.from_items(
        [{"unit": unit} for unit in units], override_num_blocks=min(len(units), TASKS)
    ).map_batches(
        Worker,
        batch_size=1,
        num_cpus=1,
        # As many as the work is worth; where the cluster grows, they come as it does.
        compute=ray.data.ActorPoolStrategy(min_size=1, max_size=min(workers, len(units))),
        fn_constructor_args=(*arguments, ledger),
        num_gpus=gpus or None,
    )
    try:
        for batch in drawn.iter_batches(batch_size=None):
            yield from (Counts.model_validate_json(str(text)) for text in batch["counts"])
    except ray.exceptions.RayError as error:
        raise _ours(error) from error


def _ours(error: BaseException) -> Exception:
    """The error that a worker raised, if it was one of ours; else one that says what Ray says."""
    cause: Any = error
    while cause is not None:
        if isinstance(cause, ToonmarkError):
            return cause
        cause = getattr(cause, "cause", None) or cause.__cause__
    return BatchError(
        f"The batch was broken off: {str(error).strip().splitlines()[-1]}",
        "Run the same command again: it goes on where it was.",
    )
