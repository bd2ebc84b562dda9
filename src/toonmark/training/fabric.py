"""One command for one CPU, one GPU, or many: what Lightning Fabric is told."""

from __future__ import annotations

import logging
import os
import warnings
from typing import TYPE_CHECKING, Literal, get_args

from toonmark.errors import ConfigurationError

if TYPE_CHECKING:
    from lightning_fabric import Fabric

Precision = Literal["32-true", "bf16-mixed"]
PRECISIONS = get_args(Precision)


def make_fabric(
    accelerator: str = "auto", devices: int = 1, nodes: int = 1, precision: str = "32-true"
) -> Fabric:
    """Launches Fabric; under ``torchrun`` or ``fabric run`` it joins the other processes.

    ``torchrun`` has said how many there are, which counts then.

    Raises:
        ConfigurationError: a precision that this method does not train in.
    """
    if precision not in PRECISIONS:
        raise ConfigurationError(
            f"Precision {precision} is not supported: gradients are added over two directions "
            "without a loss scaler.",
            f"Use one of: {', '.join(PRECISIONS)}.",
        )
    from lightning_fabric import Fabric

    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", module="lightning_fabric")
    if "TORCHELASTIC_RUN_ID" in os.environ:
        devices, nodes = (int(os.environ[f"{of}_WORLD_SIZE"]) for of in ("LOCAL", "GROUP"))
    fabric = Fabric(
        accelerator=accelerator,
        devices=devices,
        num_nodes=nodes,
        precision=precision,  # type: ignore[arg-type]
    )
    fabric.launch()
    return fabric
