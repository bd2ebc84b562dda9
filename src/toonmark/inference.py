"""ONNX Runtime, opened in one way for every network that is used."""

from __future__ import annotations

import functools
import os
import threading
from pathlib import Path
from typing import Any, Literal

from toonmark.errors import RuntimeBrokenError, imported

#: What networks run on: ONNX Runtime on the processor, or on a GPU of NVIDIA's (needs
#: `onnxruntime-gpu`); or OpenVINO on the processor (needs the extra `openvino`).
Runtime = Literal["cpu", "cuda", "openvino"]

_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}


def open_session(model: bytes | Path, threads: int | None = None, runtime: Runtime = "cpu") -> Any:
    """An ``onnxruntime.InferenceSession``; its ``run`` may be called by many threads.

    Args:
        model: a file, or what is in it.
        threads: how many threads one run may use; the number of cores, at most four, by default.
        runtime: where it runs.

    Raises:
        RuntimeBrokenError: the runtime itself cannot be loaded, or not for this ``runtime``.
        MissingExtraError: OpenVINO is not installed.
        Exception: one of :func:`model_errors`, for a file that is no sound model.
    """
    if runtime == "openvino":
        return _OpenVino(model if isinstance(model, bytes) else model.read_bytes(), threads)
    try:
        import onnxruntime

        options = onnxruntime.SessionOptions()
    except (ImportError, OSError, AttributeError) as error:  # the last where parts are missing
        raise RuntimeBrokenError(
            f"ONNX Runtime, which draws, cannot be loaded ({error}).",
            "Install it again: pip install --force-reinstall onnxruntime",
        ) from error

    if (provider := _PROVIDERS[runtime]) not in onnxruntime.get_available_providers():
        raise RuntimeBrokenError(
            "The ONNX Runtime that is installed draws on no GPU.",
            "Replace it: pip uninstall onnxruntime, then pip install onnxruntime-gpu",
        )
    options.intra_op_num_threads = threads or min(os.cpu_count() or 1, 4)
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what is wrong with a file is said by our errors
    # Idle workers sleep: a burning core gains a face little, and takes much from its neighbours.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    content = model if isinstance(model, bytes) else model.read_bytes()
    return _without_fallback(onnxruntime.InferenceSession)(content, options, providers=[provider])


@functools.cache
def _without_fallback(session: type) -> type:
    """There is no other provider, and falling back prints; old sessions take no argument for it."""
    never = property(lambda self: False, lambda self, wanted: None)
    return type(session.__name__, (session,), {"_enable_fallback": never})


class _OpenVino:
    """A model in OpenVINO, with the one method of ONNX Runtime's session that draws.

    It computes as its makers chose for the processor: in bfloat16 where there are matrix units for
    it (AMX), else in single precision.
    """

    def __init__(self, content: bytes, threads: int | None) -> None:
        openvino = imported("openvino", "Drawing with OpenVINO", "openvino")
        core = openvino.Core()
        options = {
            "INFERENCE_NUM_THREADS": threads or min(os.cpu_count() or 1, 4),
            "NUM_STREAMS": 1,
        }
        self._model = core.compile_model(core.read_model(content), "CPU", options)
        self._local = threading.local()

    def run(self, outputs: list[str], feed: dict[str, Any]) -> list[Any]:
        """As ``onnxruntime.InferenceSession.run``; each thread has a request of its own."""
        if not hasattr(self._local, "request"):
            self._local.request = self._model.create_infer_request()
        results = self._local.request.infer(feed)
        return [results[name].copy() for name in outputs]


def model_errors() -> tuple[type[Exception], ...]:
    """The runtime's exceptions for a model that is damaged, or that it cannot run.

    Its own dozen kinds, which have no common base; ValueError for texts that are no UTF-8, and
    RuntimeError from within its graph.
    """
    try:
        from onnxruntime.capi import onnxruntime_pybind11_state as state
    except (ImportError, OSError):  # then it raised nothing: RuntimeBrokenError is of no model
        return ()
    own = tuple(
        kind
        for kind in vars(state).values()
        if isinstance(kind, type) and issubclass(kind, Exception)
    )
    return (*own, ValueError, RuntimeError)
