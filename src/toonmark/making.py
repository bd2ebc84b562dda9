"""The public API of the making half: ``train``, ``export`` and ``evaluate``.

Regressors that find the landmarks of faces and of cartoons are trained first, then the style. With
these sizes and numbers of iterations it takes seconds; the defaults are those that a style needs.

>>> import toonmark
>>> points = {"kind": "train-landmarks", "size": 64, "iterations": 2, "batch": 2}
>>> for domain in ("faces", "cartoons"):
...     trained = toonmark.train({**points, "data": [domain]}, f"points/{domain}")
>>> style = {"faces": ["faces"], "cartoons": ["cartoons"], "size": 64, "width": 16, "pool": 2}
>>> style |= {"face_regressor": "points/faces", "cartoon_regressor": "points/cartoons"}
>>> toonmark.train({**style, "stage1": 1, "stage2": 1}, "runs/mine").finished
True
>>> metadata, difference = toonmark.export("runs/mine", "mine.onnx", title="Mine")
>>> metadata.title, difference < 1e-3
('Mine', True)
>>> from toonmark.evaluation import Options
>>> measured = toonmark.evaluate("mine.onnx", "faces", "cartoons", options=Options(held_out=False))
>>> measured.scores[0].name
'mine'

Nothing that these need is loaded before they are called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toonmark.errors import MissingExtraError

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from toonmark.artifacts import Place
    from toonmark.evaluation import Evaluation, Options
    from toonmark.evaluation.drawers import Drawer
    from toonmark.styles.metadata import StyleMetadata
    from toonmark.training.config import RunConfig


@dataclass(frozen=True)
class Trained:
    """The result of :func:`train`.

    Attributes:
        config: what it was trained with.
        finished: False where it was asked to stop; the same call goes on.
        first: whether this is the first of the run's processes, which writes and speaks for all.
        weights: what the run has written for others, once it is finished.
        error: on held-out pictures, by name, with their number ``n``; empty for ``kind: train``,
            which is measured by :func:`evaluate`.
    """

    config: RunConfig
    finished: bool
    first: bool = True
    weights: Path | None = None
    error: Mapping[str, float] = field(default_factory=dict)


def train(
    config: RunConfig | Mapping[str, Any] | None,
    run: str | Path,
    *,
    threads: int = 0,
    accelerator: str = "auto",
    devices: int = 1,
    nodes: int = 1,
    precision: str = "32-true",
    workers: int | None = None,
    compiled: bool = False,
) -> Trained:
    """Trains a run, or goes on with it where it was.

    A run that was trained elsewhere, and brought here without its checkpoint, is finished.

    Args:
        config: the run's configuration; or its settings, with its ``kind`` (``train`` unless they
            say it; or ``train-landmarks``, ``train-denoiser``, ``distill``, ``train-layers``,
            ``munit``, ``ganimorph``);
            None, or a ``kind`` alone, goes on with what the run (of that kind) was started with.
        run: its directory.
        threads: of a CPU; 0 for as many as help.
        accelerator: ``cpu``, ``cuda``, ``mps`` or ``auto``.
        devices, nodes: how many on this machine, and how many machines.
        precision: ``32-true`` or ``bf16-mixed``.
        workers: processes that make pictures ahead (for ``train``, ``munit``, ``ganimorph``,
            ``train-landmarks`` and ``train-layers``; the others make their own), for each device.
            None: none beside a CPU, which has better things to do, and as many as help a GPU.
        compiled: has PyTorch compile the networks of ``train``, ``munit`` and ``ganimorph``.

    Raises:
        ConfigurationError: a wrong setting, or another one than the run was started with.
        DataError: a set cannot be used.
        RunError: the run is of another kind, damaged, or somebody else's.
        DivergedError: a loss, a gradient or a weight is no longer finite.
        MissingExtraError: ``toonmark[train]`` is not installed.
    """
    with _needs("train", "Training"):
        import json

        import torch

        from toonmark.artifacts import imported_weights
        from toonmark.files import write_text
        from toonmark.trainers import opened, trainer_of
        from toonmark.training.config import UnpairedConfig
        from toonmark.training.fabric import make_fabric
        from toonmark.training.loop import train as to_the_end

        run = Path(run)
        chosen = opened(config, run)
        style = isinstance(chosen, UnpairedConfig)
        # A style's pictures are computed one by one: two directions, not two threads an operation.
        if style or threads:
            torch.set_num_threads(1 if style else threads)
        fabric = make_fabric(accelerator, devices, nodes, precision)
        if (weights := imported_weights(run)) is not None:  # what it learnt from may be elsewhere
            return Trained(chosen, True, fabric.is_global_zero, weights)
        trainer = trainer_of(chosen, run, fabric, threads)
        if hasattr(trainer, "pictures"):
            trainer.pictures.workers = _workers(fabric) if workers is None else workers
        if compiled and style:
            trainer.compile()
        finished = to_the_end(trainer, chosen, run)
        if not finished or not fabric.is_global_zero:
            return Trained(chosen, finished, fabric.is_global_zero)
        if style:
            from toonmark.artifacts import checkpoint_of

            return Trained(chosen, True, True, checkpoint_of(run))
        error = trainer.error()
        weights = trainer.save(run, error)
        write_text(run / "error.json", json.dumps(error, indent=1) + "\n")
        return Trained(chosen, True, True, weights, error)


def export(
    run: Place,
    pack: str | Path,
    *,
    iteration: int | None = None,
    denoiser: str | Path | None = None,
    half: bool = False,
    clean: bool = False,
    frame: str | None = None,
    look: str | None = None,
    name: str | None = None,
    title: str | None = None,
    version: str = "1.0",
    licence: str = "",
    terms: str = "",
    description: str = "",
    scores: str | Path | Mapping[str, Any] | None = None,
) -> tuple[StyleMetadata | None, float]:
    """Writes what a run has learnt as a style pack, after a comparison with torch.

    Args:
        run: one that learnt a style, weights that it kept, or a style pack; its path, or what
            :func:`toonmark.artifacts.open` found there. Of a run of ``train-landmarks`` the
            regressor is written, and nothing below may be given.
        pack: the file to write, such as ``mine.onnx``.
        iteration: of the weights that a run kept; the latest unless given.
        denoiser: a run of ``train-denoiser``, or a style pack that has one.
        half: stores the weights in half precision: half the file's size.
        clean: makes white what is not joined to the face; for styles drawn on white.
        frame: what the crop shows, ``face`` or ``portrait``; as the run's faces unless given.
        look: of a style that draws in layers: ``comic``, with contours; ``flat``; or ``ink``.
        name: in lower case, for the command line; the file's unless given.
        title: for people; the name unless given.
        version: the style's own.
        licence: the weights'.
        terms: what the training data ask of those who use the style; those of the packs that it
            learnt from unless given.
        description: a sentence.
        scores: what :func:`evaluate` measured, kept in the pack: the values of ``scores.json``, or
            that file.

    Returns:
        what the pack says, None of a regressor; and the largest difference from torch that was
        seen, on a scale of [-1, 1].

    Raises:
        RunError: the run cannot be read, or is not finished, or kept no such iteration.
        ConfigurationError: a name, title, frame, look or the like that no style can have.
        DataError: the scores cannot be read.
        ExportError: the file does not draw what the run draws.
        MissingExtraError: ``toonmark[train]`` is not installed.
    """
    with _needs("train", "Exporting a style"):
        from toonmark import artifacts
        from toonmark.errors import ConfigurationError
        from toonmark.exporting import export_landmarks, export_run, read_scores

        said = {
            "name": name,
            "title": title,
            "version": version,
            "licence": licence,
            "terms": terms,
            "description": description,
            "scores": read_scores(scores) if isinstance(scores, str | Path) else scores or {},
        }
        found = artifacts.open(run)
        if iteration is not None:
            found = artifacts.open(artifacts.kept(found.path, iteration))
        if isinstance(found, artifacts.Run) and found.kind is artifacts.Kind.LANDMARKS:
            styles = {**said, "denoiser": denoiser, "half": half, "clean": clean}
            styles |= {"frame": frame, "look": look, "version": version != "1.0"}
            if given := ", ".join(option for option, value in styles.items() if value):
                raise ConfigurationError(
                    f"{found.path} finds landmarks, and {given} are said of styles.",
                    "Leave them out.",
                )
            return None, export_landmarks(found, Path(pack))
        behind = None if denoiser is None else Path(denoiser)
        return export_run(
            found, Path(pack), behind, half=half, clean=clean, frame=frame, look=look, **said
        )


def evaluate(
    packs: str | Path | Drawer | Sequence[str | Path | Drawer],
    faces: str | Path,
    cartoons: str | Path,
    *,
    runs: Sequence[str | Path] = (),
    out: str | Path | None = None,
    n: int = 250,
    seed: int = 0,
    threads: int | None = None,
    options: Options | None = None,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> Evaluation:
    """Measures styles on faces that training left out.

    Args:
        packs: style packs' files, names of styles that ship, or anything that draws
            (:class:`toonmark.evaluation.drawers.Drawer`).
        faces: folder of photos with ``landmarks.csv``.
        cartoons: folder of real cartoons.
        runs: of ``train``, ``munit`` or ``ganimorph``, not exported; their way back is measured
            too. They come after the packs.
        out: folder for ``scores.json`` and ``report.html``, which shows the photos: share it only
            as far as their licence allows. None writes nothing.
        n: how many photos, and at most how many cartoons.
        seed: which ones.
        threads: of the CPU, of torch, OpenCV and ONNX Runtime; None leaves torch and OpenCV as
            they are, and draws with packs on one.
        options: everything else; see :class:`toonmark.evaluation.Options`.
        on_progress: called with what is being measured, how many are done, and of how many.

    Raises:
        ConfigurationError: there is neither a pack nor a run, or an option that is none.
        DataError: the sets cannot be measured.
        StyleError: a pack cannot be used.
        RunError: a run cannot be read, or has no checkpoint yet.
        MissingExtraError: ``toonmark[eval]`` is not installed.
    """
    with _needs("eval", "Measuring a style"):
        import cv2
        import torch

        from toonmark.evaluation.drawers import PackDrawer
        from toonmark.evaluation.scoring import evaluate_all

        if threads is not None:
            torch.set_num_threads(threads)
            cv2.setNumThreads(threads)
        several = packs if isinstance(packs, Sequence) and not isinstance(packs, str) else [packs]
        drawers: list[Drawer] = [
            PackDrawer(one, threads or 1) if isinstance(one, str | Path) else one for one in several
        ]
        if runs:
            from toonmark.evaluation.run_drawing import open_run_drawer

            drawers += map(open_run_drawer, runs)
        measured = evaluate_all(drawers, faces, cartoons, n, seed, options, on_progress)
        if out is not None:
            from toonmark.evaluation.scores_page import write_report
            from toonmark.files import write_text

            write_text(Path(out) / "scores.json", measured.model_dump_json(indent=1) + "\n")
            crop = options is not None and options.crop
            write_report(measured, drawers, faces, Path(out) / "report.html", crop=crop)
        return measured


def _workers(fabric: Fabric) -> int:
    """The number of processes that make pictures for one device."""
    import os

    if fabric.device.type == "cpu":
        return 0
    return max(1, min(16, (os.cpu_count() or 1) // fabric.world_size - 1))


@contextmanager
def _needs(extra: str, what: str) -> Iterator[None]:
    try:
        yield
    except ModuleNotFoundError as error:
        # A module of a package that is there (torch._C) is damage, and an extra does not mend it.
        damaged = "." in (error.name or "") or error.name == "toonmark"
        if isinstance(error, MissingExtraError) or damaged:
            raise
        raise MissingExtraError(what, extra) from error
