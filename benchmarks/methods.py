"""Times a comparison's rows: ``python benchmarks/methods.py PLAN [--size S] [--rows ROW ...]``.

Each row has one thread and a process of its own. Of what is trained the median iteration of each
stage is timed, of what is drawn one face that the plan would measure. Printed: processor time of an
iteration of each stage or of a drawing; the most memory that the process had; the hours of all
iterations or drawings with all of the plan's seeds; and what two cores need for all of it.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import torch
import yaml

from toonmark.data.dataset import Dataset
from toonmark.data.split import HeldOut
from toonmark.evaluation.selection import fit, select
from toonmark.experiments.measuring import drawing_method, measured_on
from toonmark.experiments.plan import Job, Plan, jobs_of, plan_of
from toonmark.methods.optimised import OptimisedConfig
from toonmark.trainers import trainer_of
from toonmark.training.config import UnpairedConfig
from toonmark.training.fabric import make_fabric

#: Iterations that are not counted: the first ones allocate.
WARMING = 3


def worked(act: Callable[[], object]) -> float:
    """Seconds of processor time."""
    began = time.process_time()
    act()
    return time.process_time() - began


def iterations(job: Job, config: UnpairedConfig, count: int) -> tuple[float, float]:
    """Median seconds of an iteration in stage I and in stage II; a stage of no length has 0."""
    trainer = trainer_of(config, job.folder, make_fabric("cpu", precision=job.precision), 1)
    stages = ((0, config.stage1), (config.stage1, config.stage2))
    found = []
    for first, length in stages:
        last = first + min(length, WARMING + count)
        times = [worked(lambda i=i: trainer.step(i)) for i in range(first, last)]  # type: ignore[misc]
        found.append(statistics.median(times[WARMING:] or times or [0.0]))
    return found[0], found[1]


def drawing(plan: Plan, job: Job) -> tuple[float, int]:
    """Seconds of one face's drawing, and how many faces the plan would measure."""
    measured = plan.measure
    faces = Dataset.open(measured_on(plan, "faces", [job]))
    held_out = HeldOut(frozenset([job.config.split]), measured.part) if measured.held_out else None
    chosen = select(faces, measured.n, measured.seed, held_out)
    place = faces.names.index(chosen.names[0])
    drawer = drawing_method(job)
    face, points = fit(faces.image(place), faces.points[place], drawer.size, False)
    assert points is not None
    return worked(lambda: drawer.draw(face[None], points[None])), len(chosen)


def measure(plan: Plan, job: Job, count: int, hours: multiprocessing.Queue[float]) -> None:
    """Prints a row of the table."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    if isinstance(job.config, OptimisedConfig):
        each, number = drawing(plan, job)
        seconds, shown = each * number, f"{each:.1f} s a drawing"
    else:
        one, two = iterations(job, job.config, count)
        seconds = one * job.config.stage1 + two * job.config.stage2
        shown = f"{one:.3f}, {two:.3f} s an iteration"
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    total = seconds * len(plan.seeds) / 3600
    print(f"| {job.row} | {shown} | {memory:.0f} MB | {total:.2f} |", flush=True)
    hours.put(total)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("plan", type=Path)
    parser.add_argument("--size", type=int, help="other than the plan's, and its regressors")
    parser.add_argument("--rows", nargs="+", help="these alone")
    parser.add_argument("--iterations", type=int, default=20, help="counted, of each stage")
    wanted = parser.parse_args()
    values = yaml.safe_load(wanted.plan.read_text())
    values["train"]["size"] = wanted.size or values["train"].get("size", 128)
    plan = plan_of(values, "comparison")
    if unknown := set(wanted.rows or ()) - set(plan.rows):
        parser.error(f"no rows of the plan: {', '.join(sorted(unknown))}")
    hours: multiprocessing.Queue[float] = multiprocessing.get_context("spawn").Queue()
    print("| row | processor time | memory | hours |\n| --- | ---: | ---: | ---: |", flush=True)
    all_hours = 0.0
    with tempfile.TemporaryDirectory() as folder:
        jobs = jobs_of(plan, Path(folder))
        faces = measured_on(plan, "faces", jobs)  # drawn rows do not say it
        plan = plan.model_copy(update={"measure": plan.measure.model_copy(update={"faces": faces})})
        for job in jobs:
            if job.seed != plan.seeds[0] or job.row not in (wanted.rows or plan.rows):
                continue
            # A process's peak is never forgotten: each has its own.
            one = multiprocessing.get_context("spawn").Process(
                target=measure, args=(plan, job, wanted.iterations, hours)
            )
            one.start()
            one.join()
            if one.exitcode:
                raise SystemExit(f"{job.row} cannot be timed; see above.")
            all_hours += hours.get()
    print(f"\n{all_hours:.1f} hours of one core, {all_hours / 2:.1f} of two")


if __name__ == "__main__":
    main()
