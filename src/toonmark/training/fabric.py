"""Sets up Lightning Fabric: one command for one CPU, one GPU, or many."""

from __future__ import annotations

import atexit
import logging
import os
import warnings
from typing import TYPE_CHECKING, Literal, get_args

from toonmark.errors import ConfigurationError

if TYPE_CHECKING:
    from lightning_fabric import Fabric
    from torch import nn

Precision = Literal["32-true", "bf16-mixed"]
PRECISIONS = get_args(Precision)

#: Kinds of devices that convolve channels last: the matrix units of NVIDIA's cards read them so.
#: A CPU's kernels for it are the slower ones (docs/measurements.md, "A training step").
CHANNELS_LAST = frozenset({"cuda"})


def precision_of(fabric: Fabric) -> str:
    """The precision that a fabric computes in: one of :data:`PRECISIONS`."""
    return str(fabric.strategy.precision.precision)


def device_of(fabric: Fabric) -> str:
    """The name of the device: ``CPU``, or a GPU's."""
    import torch

    if fabric.device.type == "cuda":
        return str(torch.cuda.get_device_name(fabric.device))
    return fabric.device.type.upper()


def make_fabric(
    accelerator: str = "auto", devices: int = 1, nodes: int = 1, precision: str = "32-true"
) -> Fabric:
    """Launches Fabric; under ``torchrun`` or ``fabric run`` it joins the other processes.

    ``torchrun`` has said how many there are, which counts then.

    Raises:
        ConfigurationError: a precision that this method does not train in, an accelerator that is
            unknown or not there, or more devices than there are.
    """
    if precision not in PRECISIONS:
        raise ConfigurationError(
            f"Precision {precision} is not supported: gradients are added over two directions "
            "without a loss scaler.",
            f"Use one of: {', '.join(PRECISIONS)}.",
        )
    from lightning_fabric import Fabric
    from lightning_fabric.utilities.exceptions import MisconfigurationException

    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", module="lightning_fabric")
    if "TORCHELASTIC_RUN_ID" in os.environ:
        devices, nodes = (int(os.environ[f"{of}_WORLD_SIZE"]) for of in ("LOCAL", "GROUP"))
    try:
        fabric = Fabric(
            accelerator=accelerator,
            devices=devices,
            num_nodes=nodes,
            precision=precision,  # type: ignore[arg-type]
        )
    except (MisconfigurationException, RuntimeError, ValueError, ModuleNotFoundError) as error:
        # Nothing has run so far: Fabric has looked at its arguments and at the machine.
        raise ConfigurationError(
            f"Accelerator {accelerator} with {devices} device(s) cannot be used on this machine.",
            "Choose --accelerator auto, which takes what there is, or cpu; "
            "`python -c 'import torch; print(torch.cuda.is_available())'` says whether PyTorch "
            "sees a GPU.",
        ) from error
    fabric.launch()
    if fabric.world_size > 1:
        # Else gloo's threads may still run while Python takes itself apart, and abort the process.
        atexit.register(_leave)
    if fabric.device.type == "cuda":
        import torch

        # Shapes stay the same from step to step, so that looking for the fastest kernel pays.
        torch.backends.cudnn.benchmark = True
    return fabric


def placed(fabric: Fabric, *networks: nn.Module) -> None:
    """Moves networks to this process's device, with weights as that reads them fastest."""
    import torch

    for network in networks:
        fabric.to_device(network)
        if fabric.device.type in CHANNELS_LAST:
            network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def _leave() -> None:
    """Ends this process's connections to the others, and the threads that serve them."""
    import torch.distributed

    if torch.distributed.is_initialized():  # Fabric ends NCCL's itself
        torch.distributed.destroy_process_group()
