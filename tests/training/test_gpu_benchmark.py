"""`benchmarks/gpu.py` without a GPU: a step that fails is a row of its table, and no more."""

import argparse
import importlib
import sys
from pathlib import Path

import pytest
import torch

FOLDER = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def gpu(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module("gpu")
    for name in ("gpu", "training"):
        sys.modules.pop(name, None)


def test_a_row_that_fails_does_not_end_the_table(gpu, monkeypatch, capsys):
    def figures(folder, preset, size, batch, count, how):
        if how == "compiled":
            raise RuntimeError("strides | of\nmany lines")
        if batch == 4:
            raise torch.OutOfMemoryError
        return "1.0 | 2 | 3% | 4% | 5 |"

    monkeypatch.setattr(gpu, "figures", figures)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "a card")
    monkeypatch.setattr(torch, "set_num_threads", lambda _: None)
    given = argparse.Namespace(
        preset=["paper"], size=[128], batch=[1, 4, 16], steps=2, compile=True
    )
    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", lambda _: given)
    gpu.main()
    _, head, _, *rows = capsys.readouterr().out.splitlines()
    assert len(rows) == 9
    assert {row.count("|") for row in rows} == {head.count("|")}
    assert rows[1].startswith("| paper, compiled | 128 | 1 | RuntimeError: strides / of |")
    assert rows[2] == "| paper, captured | 128 | 1 | 1.0 | 2 | 3% | 4% | 5 |"
    assert "OutOfMemoryError" in rows[3]
    assert rows[6] == "| paper | 128 | 16 | 1.0 | 2 | 3% | 4% | 5 |"


@pytest.mark.slow
def test_what_a_step_costs_is_counted_and_its_pictures_are_timed(gpu, tmp_path):
    one = gpu.trainer(tmp_path, "compact", 64, 1, 2)
    assert gpu.flops(one) > 1e9
    assert gpu.made(one, 2) > 0
