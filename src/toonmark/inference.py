"""ONNX Runtime, opened in one way for every network that is used."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from toonmark.errors import RuntimeBrokenError


def open_session(model: bytes | Path, threads: int | None = None) -> Any:
    """An ``onnxruntime.InferenceSession`` on the CPU; its ``run`` may be called by many threads.

    Args:
        model: a file, or what is in it.
        threads: how many threads one run may use; the number of cores, at most four, by default.

    Raises:
        RuntimeBrokenError: ONNX Runtime itself cannot be loaded.
        Exception: whatever the runtime raises for a file that is no sound model.
    """
    try:
        import onnxruntime
    except (ImportError, OSError) as error:
        raise RuntimeBrokenError(
            f"ONNX Runtime, which draws, cannot be loaded ({error}).",
            "Install it again: pip install --force-reinstall onnxruntime",
        ) from error

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or min(os.cpu_count() or 1, 4)
    options.inter_op_num_threads = 1
    options.log_severity_level = 4  # what is wrong with a file is said by our errors
    # Idle workers sleep: a burning core gains a face little, and takes much from its neighbours.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    content = model if isinstance(model, bytes) else model.read_bytes()
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
