"""``toonmark train``: learn a style from unpaired faces and cartoons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from toonmark.cli import training_options


@training_options.on_machine(workers=True)
def train(
    run: training_options.RunArgument,
    config: training_options.ConfigOption = None,
    faces: training_options.FacesOption = None,
    cartoons: training_options.CartoonsOption = None,
    face_regressor: Annotated[
        str | None, typer.Option(help="Run of train-landmarks on faces.")
    ] = None,
    cartoon_regressor: Annotated[
        str | None, typer.Option(help="Run of train-landmarks on cartoons.")
    ] = None,
    ablation: Annotated[
        str | None, typer.Option(help="A row of the paper's ablation, such as lm_cd.")
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(help="Another method that the paper compares with: munit or ganimorph."),
    ] = None,
    settings: training_options.SettingsOption = None,
    threads: Annotated[
        int, typer.Option(help="On a CPU: 2 runs both directions side by side.", min=1, max=2)
    ] = 2,
    compiled: Annotated[
        bool, typer.Option("--compile", help="Have PyTorch compile the networks, for a GPU.")
    ] = False,
    *,
    machine: Mapping[str, Any],
) -> None:
    """Train a style on unpaired faces and cartoons; started again it goes on where it was.

    A killed run repeats at most the iterations since its last checkpoint. On a CPU, with as many
    threads and processes as before, it ends with the same weights as a run that was never killed; a
    GPU adds in no fixed order, and ends near them.
    """
    from toonmark.artifacts import COMPARED, Kind, is_run, run_of
    from toonmark.errors import ConfigurationError
    from toonmark.training.config import ABLATION

    given: dict[str, Any] = {
        "faces": faces,
        "cartoons": cartoons,
        "face_regressor": face_regressor,
        "cartoon_regressor": cartoon_regressor,
    }
    if ablation is not None:
        if ablation not in ABLATION:
            raise ConfigurationError(
                f"There is no ablation {ablation}.", f"Choose one of: {', '.join(ABLATION)}."
            )
        given["method"] = ABLATION[ablation].model_dump()
    kind = Kind.TRAIN
    if method is not None:
        if method not in COMPARED:
            raise ConfigurationError(
                f"There is no method {method}.", f"Choose one of: {', '.join(COMPARED)}."
            )
        kind = Kind(method)
    elif is_run(run) and (there := run_of(run).kind) in COMPARED:
        kind = there  # it goes on as what it is
    result = training_options.trained(
        run, kind, config, settings, given, threads=threads, compiled=compiled, **machine
    )
    if result is not None:
        after = "evaluate --run" if kind in COMPARED else "export"
        done = result.config.model_dump()
        typer.echo(
            f"Finished {done['stage1'] + done['stage2']} iterations; next: toonmark {after} {run}"
        )
