"""Networks as ONNX graphs: converted, checked against torch, and written."""

from __future__ import annotations

import io
import logging
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from toonmark.errors import ExportError
from toonmark.files import write_bytes
from toonmark.landmarks import COUNT, template_points

if TYPE_CHECKING:
    import onnx

#: The largest difference from torch that is let through, on a scale of [-1, 1] (or in pixels).
TOLERANCE = 1e-3
OPSET = 18


def check_finite(
    network: nn.Module,
    when: str = "",
    remedy: str = "Export weights of an earlier iteration; nothing was written.",
) -> None:
    """Refuses a network with a parameter or buffer that holds NaN or infinity.

    Raises:
        ExportError: it names the first one.
    """
    for name, tensor in (*network.named_parameters(), *network.named_buffers()):
        if not torch.isfinite(tensor).all():
            raise ExportError(f"The weights {name} {when}are not finite.", remedy)


def plain_norms_(network: nn.Module) -> None:
    """Puts ``nn.InstanceNorm2d`` in place of group normalisation with groups of one channel.

    The same numbers; in a graph it is one operator instead of six.
    """
    for parent in list(network.modules()):
        for name, norm in parent.named_children():
            if isinstance(norm, nn.GroupNorm) and norm.num_groups == norm.num_channels:
                plain = nn.InstanceNorm2d(norm.num_channels, norm.eps, affine=True)
                plain.load_state_dict(norm.state_dict())
                setattr(parent, name, plain.train(norm.training))


def examples(size: int, count: int) -> tuple[Tensor, Tensor]:
    """Smooth random pictures and points near the template; a fixed seed of their own."""
    random = torch.Generator().manual_seed(0)
    small = torch.randn(count, 3, 8, 8, generator=random)
    faces = torch.nn.functional.interpolate(small, (size, size), mode="bicubic").clamp(-1, 1)
    template = torch.from_numpy(template_points(size)).float()
    jitter = torch.randn(count, COUNT, 2, generator=random) * size / 40
    return faces, template + jitter


def converted(
    network: nn.Module,
    inputs: tuple[Tensor, ...],
    names: list[str],
    outputs: list[str],
    batch: bool = True,
) -> onnx.ModelProto:
    """The ONNX graph of a network, with its weights as they were learnt.

    Args:
        network: in evaluation mode.
        inputs: an example of each input; two of a batch where it is free.
        names, outputs: what its inputs and outputs are called.
        batch: leave the batch size free; else it is that of the examples.

    Raises:
        ExportError: torch cannot turn the network into a graph.
    """
    from onnxscript.optimizer import optimize_ir

    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    free = {0: torch.export.Dim("batch", min=1, max=1024)}
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            program = torch.onnx.export(
                network,
                inputs,
                input_names=names,
                output_names=outputs,
                dynamic_shapes=tuple(free for _ in inputs) if batch else None,
                opset_version=OPSET,
                dynamo=True,
                external_data=False,
                verbose=False,
                optimize=False,
            )
            assert program is not None
            # Weights stay in the file as they were learnt, also where a graph first reshapes or
            # scales them: a pack can be taken up again.
            own = set(network.state_dict())
            optimize_ir(
                program.model,
                should_fold=lambda node: (
                    False
                    if any(one is not None and one.name in own for one in node.inputs)
                    else None
                ),
            )
    except Exception as error:  # the exporter raises whatever it trips over
        raise ExportError(
            f"The network could not be turned into an ONNX graph ({error}).",
            "Use layers that torch.onnx can export.",
        ) from error
    model = program.model_proto
    # Weights do not need where they came from in the source; it doubles a small file.
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in (*model.graph.initializer, *model.graph.value_info):
        del value.metadata_props[:]
    return model


def checked(
    model: onnx.ModelProto,
    network: nn.Module,
    inputs: tuple[Tensor, ...],
    facts: dict[str, str],
    path: Path,
) -> float:
    """Adds metadata, checks the graph, compares it with torch, puts the file in place.

    Args:
        model: of :func:`converted`.
        network: what it was made of.
        inputs: batches that both are run on, by one and whole.
        facts: the metadata.
        path: the file; it is written whole or not at all.

    Returns:
        the largest difference from torch that was seen.

    Raises:
        ExportError: the graph is not valid, not finite, or disagrees with torch by more than
            :data:`TOLERANCE` (times the network's ``steepness``, where it has one).
    """
    import onnx
    import onnxruntime

    onnx.helper.set_model_props(model, facts)
    try:
        onnx.checker.check_model(model, full_check=True)
    except onnx.checker.ValidationError as error:
        raise ExportError(
            f"The exported graph is not valid ONNX ({error}).", "Report this; nothing was written."
        ) from error
    buffer = io.BytesIO()
    onnx.save_model(model, buffer)
    session = onnxruntime.InferenceSession(buffer.getvalue(), providers=["CPUExecutionProvider"])
    names = [entry.name for entry in session.get_inputs()]
    differences = []
    with torch.no_grad():
        for count in (1, len(inputs[0])):  # the batch must be free
            part = tuple(value[:count] for value in inputs)
            wanted = network(*part)
            wanted = wanted if isinstance(wanted, tuple) else (wanted,)
            feeds = {name: value.numpy() for name, value in zip(names, part, strict=True)}
            for got, want in zip(session.run(None, feeds), wanted, strict=True):
                if not np.isfinite(got).all():
                    raise ExportError(
                        "The exported graph draws values that are not finite.",
                        "Export weights of an earlier iteration; nothing was written.",
                    )
                differences.append(np.abs(got - want.numpy()).max())
    worst = float(np.max(differences))  # NaN if one of them is, which max() may pass over
    tolerance = TOLERANCE * float(getattr(network, "steepness", 1.0))
    if not worst <= tolerance:  # NaN is no agreement
        raise ExportError(
            f"The exported graph differs from torch by {worst:.2g}, more than {tolerance:.2g}.",
            "Report this; nothing was written.",
        )
    write_bytes(path, buffer.getvalue())
    return worst
