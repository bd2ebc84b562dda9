"""A checkpoint is one safetensors file, written whole: no pickle, nothing half there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from toonmark.artifacts import Kind, Place, weights_of
from toonmark.errors import RunError
from toonmark.files import write_bytes
from toonmark.training.tensors import laid_like

N = TypeVar("N", bound=nn.Module)
V = TypeVar("V")


def save(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, str]) -> None:
    """Writes tensors and a few strings; the old file stays until the new one is complete.

    Raises:
        OutputNotWritableError, DiskFullError: see :func:`toonmark.files.write_bytes`.
    """
    from safetensors.torch import save as as_bytes

    # Copies where memory is shared: the format refuses tensors that overlap.
    plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    # Its own writing hides why it failed.
    write_bytes(path, as_bytes(plain, metadata=dict(facts)))


def load(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Reads what :func:`save` wrote.

    Raises:
        RunError: no such file, or a damaged one.
    """
    with _opened(path, "pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118


def load_built(
    run: Place, kind: Kind, build: Callable[..., N], what: str
) -> tuple[N, int, dict[str, Any]]:
    """The network of a finished run whose weights say how it is built, frozen.

    Args:
        run: the run, or a file of its weights.
        build: makes the network of the arguments that were saved with it.
        what: the network, for people.

    Returns:
        the network, its size in pixels, and how it was trained.

    Raises:
        RunError: unreadable, not finished, or weights of another network.
    """
    file = weights_of(run, kind)
    tensors, said = load(file)
    try:
        arguments, training = json.loads(said["build"]), json.loads(said["training"])
        size = int(arguments.pop("size"))
        network = build(**arguments)
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{file} does not say what it is ({error}).",
            f"Name a run that `{kind.command}` has finished.",
        ) from error
    load_weights(network, tensors, what)
    network.requires_grad_(False).eval()
    return network, size, training


def facts(path: Path) -> dict[str, str]:
    """The strings that were saved, from the file's header alone.

    Raises:
        RunError: no such file, or a damaged one.
    """
    with _opened(path, "np") as file:
        return dict(file.metadata() or {})


def iterations(path: Path) -> int:
    """The number of iterations behind weights, by their header; or else by their name.

    Raises:
        RunError: no such file, a damaged one, or one that does not say.
    """
    said = facts(path).get("iteration", path.stem)
    try:
        return int(said)
    except ValueError as error:
        raise RunError(
            f"{path} does not say of which iteration it is.",
            "Name it after it, as a run does: averaged/0006000.safetensors.",
        ) from error


def in_half(path: Path) -> bool:
    """Whether all weights of a file are stored in half precision.

    Raises:
        RunError: no such file, or a damaged one.
    """
    with _opened(path, "np") as file:
        return {file.get_slice(name).get_dtype() for name in file.keys()} == {"F16"}  # noqa: SIM118


@contextmanager
def _opened(path: Path, framework: str) -> Iterator[Any]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework) as file:
            yield file
    except (OSError, SafetensorError) as error:
        if not path.exists():
            raise RunError(
                f"There is no {path}.", "Check its name, and that its training has come to its end."
            ) from error
        raise RunError(
            f"The checkpoint {path} cannot be read ({error}).",
            "Delete it to start again, or put a good copy in its place.",
        ) from error


def prefixed(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The same tensors under names that begin with ``prefix/``."""
    return {f"{prefix}/{name}": tensor for name, tensor in tensors.items()}


def part(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names begin with ``prefix/``, without it."""
    return under(prefix + "/", tensors)


def under(start: str, values: Mapping[str, V]) -> dict[str, V]:
    """The values whose names begin with ``start``, without it."""
    return {k[len(start) :]: value for k, value in values.items() if k.startswith(start)}


def load_weights(module: nn.Module, tensors: Mapping[str, Tensor], what: str) -> None:
    """Puts weights into a network, or says that they are another network's."""
    try:
        module.load_state_dict(dict(tensors))
    except RuntimeError as error:
        raise RunError(
            f"The weights do not fit {what}.",
            "Take a checkpoint that was made with the same preset, width and method.",
        ) from error


def training_tensors(
    networks: Mapping[str, nn.Module], optimizers: Mapping[str, torch.optim.Optimizer]
) -> dict[str, Tensor]:
    """The weights of networks and the states of optimisers, each under its name and a slash."""
    tensors: dict[str, Tensor] = {}
    for name, network in networks.items():
        tensors |= prefixed(name, network.state_dict())
    for name, optimizer in optimizers.items():
        tensors |= prefixed(name, _optimizer_tensors(optimizer))
    return tensors


def restore_training(
    networks: Mapping[str, nn.Module],
    optimizers: Mapping[str, torch.optim.Optimizer],
    tensors: Mapping[str, Tensor],
) -> None:
    """Undoes :func:`training_tensors`.

    Raises:
        RunError: weights are of other networks.
    """
    for name, network in networks.items():
        load_weights(network, part(name, tensors), "this run")
    for name, optimizer in optimizers.items():
        _restore_optimizer(optimizer, part(name, tensors))


def _optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """An optimiser's state as plain tensors, ``<parameter index>/<name>``."""
    state = optimizer.state_dict()["state"]
    return {
        f"{index}/{name}": torch.as_tensor(value)
        for index, values in state.items()
        for name, value in values.items()
    }


def _restore_optimizer(optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor]) -> None:
    """Undoes :func:`_optimizer_tensors`; learning rates stay as they are set."""
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        index, name = key.split("/", 1)
        state.setdefault(int(index), {})[name] = value
    optimizer.load_state_dict(
        {"state": state, "param_groups": optimizer.state_dict()["param_groups"]}
    )
    for parameter, values in optimizer.state.items():
        for name, value in values.items():
            if value.shape == parameter.shape:
                values[name] = laid_like(parameter, value)
