"""Pictures made ahead by worker processes are those that are made one after the other."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import time
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
import torch

from toonmark.errors import DataError
from toonmark.training.fabric import make_fabric
from toonmark.training.landmark_cyclegan import StyleTrainer
from toonmark.training.prefetch import Prefetcher


@pytest.mark.slow
def test_any_number_of_workers_makes_the_same_pictures_in_the_same_order(small_config):
    config = small_config.model_copy(update={"batch": 2})
    alone = StyleTrainer(config, make_fabric("cpu"))
    ahead = StyleTrainer(config, make_fabric("cpu"))
    ahead.pictures.workers = 2
    for iteration in (0, 1, 2, 1):  # in order, and back
        wanted, got = alone.batches(iteration), ahead.batches(iteration)
        for domain, batch in wanted.items():
            assert torch.equal(batch.image, got[domain].image)
            assert torch.equal(batch.shown, got[domain].shown)
            assert torch.equal(batch.landmarks, got[domain].landmarks)


def test_it_is_made_by_other_processes_and_ahead(tmp_path):
    ahead = Prefetcher(partial(_noted, tmp_path), 50, workers=2)
    assert ahead(0) != os.getpid()
    deadline = time.monotonic() + 60
    while not (tmp_path / "3").exists():  # nobody has asked for it
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert {ahead(1), ahead(2)} & {os.getpid()} == set()
    assert not (tmp_path / "40").exists()  # nor is all made at once


def test_an_error_of_a_worker_comes_back_as_what_it_is():
    ahead = Prefetcher(_damaged, 3, workers=1)
    assert ahead(0) == 0
    with pytest.raises(DataError, match="is damaged"):
        ahead(1)


@pytest.mark.skipif(sys.platform == "win32", reason="signals of a terminal's group")
def test_a_worker_that_is_still_starting_does_not_hear_signals_to_the_group(tmp_path):
    """They are the first process's to answer: `timeout` and Ctrl-C reach all of them."""
    ahead = Prefetcher(partial(_noted, tmp_path), 4, workers=1)
    others = set(multiprocessing.active_children())
    with closing(ahead):
        ahead._waiting, ahead._next = ahead._from(0), 0
        (worker,) = set(multiprocessing.active_children()) - others
        for number in (signal.SIGTERM, signal.SIGINT):
            os.kill(worker.pid, number)
        assert ahead(0) == worker.pid
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, ())


def _noted(folder: Path, iteration: int) -> int:
    (folder / str(iteration)).touch()
    return os.getpid()


def _damaged(iteration: int) -> int:
    if iteration:
        raise DataError("1.png is damaged.", "Replace it.")
    return iteration
