"""What one stage-II step asks of its device: ``python benchmarks/operators.py [--preset paper]``.

Prints how many operators PyTorch dispatches in a step of both directions with its optimisers and
averages, by part of the step and by operator; some only look at a tensor in another way and compute
nothing. Beside it, what the profiler records on a CPU: operators that no other asks for, and all
events, since operators call others and gradients have nodes of their own. Neither depends on how
fast the machine is. Counting asks for nearly all of the ``detach`` itself.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode


class Operators(TorchDispatchMode):
    """Counts what is dispatched.

    Attributes:
        counts: by the operator's name, without ``aten::``.
        parts: by what was within (:meth:`within`).
        views: how many of all only look at a tensor in another way.
    """

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()
        self.parts: Counter[str] = Counter()
        self.views = 0
        self._within = ["other"]

    def __torch_dispatch__(
        self, function: Any, types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        self.counts[function.overloadpacket._qualified_op_name.removeprefix("aten::")] += 1
        self.parts[self._within[-1]] += 1
        self.views += function.is_view
        return function(*args, **(kwargs or {}))

    @contextmanager
    def within(self, part: str) -> Iterator[None]:
        """What is dispatched in it is this part's."""
        self._within.append(part)
        try:
            yield
        finally:
            self._within.pop()

    def counting(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same function, all of which is this part's."""

        def counted(*args: Any, **kwargs: Any) -> Any:
            with self.within(part):
                return function(*args, **kwargs)

        return counted

    def watch(self, part: str, network: nn.Module) -> None:
        """A network's forward passes are this part's."""
        network.register_forward_pre_hook(lambda *_: self._within.append(part))
        network.register_forward_hook(lambda *_: self._within.pop() and None)


def profiled(step: Callable[[], Any]) -> tuple[int, int]:
    """The profiler's events of a step on a CPU; and the operators that no operator asks for."""
    from torch.profiler import ProfilerActivity, profile

    with profile(activities=[ProfilerActivity.CPU]) as seen:
        step()
    events = seen.events() or []
    operators = [event for event in events if event.name.startswith("aten::")]
    first = [
        event
        for event in operators
        if event.cpu_parent is None or not event.cpu_parent.name.startswith("aten::")
    ]
    return len(events), len(first)


def main() -> None:
    from toonmark.training import unpaired
    from training import trainer

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", default="compact", choices=["compact", "paper"])
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--batch", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        one = trainer(Path(name), options.preset, options.size, 1, options.batch)
        for i in range(2):  # the first of a size makes what all others share
            one.step(i)
        batches = one.batches(2)
        one.batches = lambda _: batches  # type: ignore[method-assign,assignment]
        events, first = profiled(lambda: one.step(2))
        seen = Operators()
        for kind, networks in one.networks.named_children():
            for network in networks.children():
                if isinstance(network, nn.ModuleDict):
                    for judge, inner in network.items():
                        seen.watch(f"{kind}, {judge}", inner)
                else:
                    seen.watch(kind, network)
        one.generator_loss = seen.counting("generators' losses", one.generator_loss)  # type: ignore[method-assign]
        one.discriminator_loss = seen.counting(  # type: ignore[method-assign]
            "discriminators' losses", one.discriminator_loss
        )
        for pool in one.pools.values():
            pool.exchange = seen.counting("pool", pool.exchange)  # type: ignore[method-assign]
        one.gate.learn = seen.counting("optimisers", one.gate.learn)  # type: ignore[method-assign]
        unpaired.average_into = seen.counting("averages", unpaired.average_into)
        torch.autograd.grad = seen.counting("gradients", torch.autograd.grad)
        with seen:
            one.step(3)
    print(
        f"{options.preset} {options.size}², batch {options.batch}, PyTorch {torch.__version__}: "
        f"{seen.counts.total()} operators, of which {seen.views} are views; {first} by the "
        f"profiler, and {events} events in all"
    )
    for title, counts in (("part of the step", seen.parts), ("operator", seen.counts)):
        print(f"\n| {title} | operators |\n| --- | ---: |")
        for part, count in counts.most_common(30):
            print(f"| {part} | {count} |")


if __name__ == "__main__":
    main()
