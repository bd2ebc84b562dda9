"""Whole stage-II steps on a GPU: ``python benchmarks/gpu.py [--preset paper] [--size 256] ...``.

For each preset, size and batch it prints pictures a second (of each domain), the speed of the
networks' multiplications, its share of what a plain stack of the generator's own convolutions
reaches in the same run (forth and back, bfloat16, channels last, nothing between them), and the
share of the time in which the GPU waits for its host. Pictures are random and lie on the device:
what the workers make is timed apart, in pairs a second of one process.

``--compile`` also times the step with its networks compiled, and with each direction captured as
one graph. A step that fails has its reason in its row; the others go on.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import warnings
from pathlib import Path

import torch
from torch import nn

from toonmark.models.presets import Preset
from toonmark.training.engine import StyleTrainer
from training import flops, trainer


def steps(trainer: StyleTrainer, count: int) -> tuple[float, float]:
    """Median seconds a step, and the share of them in which the GPU had work."""
    from torch.profiler import ProfilerActivity, profile

    batches = trainer.batches(0)
    trainer.batches = lambda _: batches  # type: ignore[method-assign,assignment]
    for i in range(5):  # kernels are chosen and compiled
        trainer.step(i)
    torch.cuda.synchronize()
    times = []
    for i in range(count):
        start = time.perf_counter()
        trainer.step(i)
        torch.cuda.synchronize()
        times.append(time.perf_counter() - start)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the profiler says would stand within the table
        with profile(activities=[ProfilerActivity.CUDA]) as profiled:
            start = time.perf_counter()
            for i in range(3):
                trainer.step(i)
            torch.cuda.synchronize()
            whole = time.perf_counter() - start
    busy = sum(event.self_device_time_total for event in profiled.key_averages()) / 1e6
    return statistics.median(times), busy / whole


def plain_stack(trainer: StyleTrainer, size: int, batch: int) -> float:
    """Floating-point operations a second of a generator's convolutions, one by one."""
    generator = trainer.networks.generators["face_to_cartoon"]
    shapes: dict[nn.Module, tuple[int, ...]] = {}
    hooks = [
        module.register_forward_pre_hook(lambda m, x: shapes.__setitem__(m, tuple(x[0].shape)))
        for module in generator.modules()
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d)
    ]
    device = trainer.fabric.device
    image = torch.zeros(batch, 3, size, size, device=device)
    with torch.no_grad():
        generator(image, torch.zeros(batch, 5, size, size, device=device))
    for hook in hooks:
        hook.remove()
    seconds = operations = 0.0
    for module, shape in shapes.items():
        x = torch.randn(shape, device=device, dtype=torch.bfloat16)
        x = x.to(memory_format=torch.channels_last).requires_grad_()
        layer = type(module)(
            module.in_channels,  # type: ignore[arg-type]
            module.out_channels,  # type: ignore[arg-type]
            module.kernel_size,  # type: ignore[arg-type]
            module.stride,  # type: ignore[arg-type]
            module.padding,  # type: ignore[arg-type]
        ).to(device, torch.bfloat16)
        layer.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        out = layer(x)
        gradient = torch.randn_like(out)

        def both(layer=layer, x=x, gradient=gradient) -> None:  # type: ignore[no-untyped-def]
            torch.autograd.grad(layer(x), [x, layer.weight], gradient)

        for _ in range(3):
            both()
        torch.cuda.synchronize()
        start = time.perf_counter()
        for _ in range(10):
            both()
        torch.cuda.synchronize()
        seconds += (time.perf_counter() - start) / 10
        sides = out if isinstance(module, nn.Conv2d) else x
        weights = layer.weight.numel()  # type: ignore[operator]
        operations += 3 * 2 * weights * batch * sides.shape[-1] * sides.shape[-2]
    return operations / seconds


def made(trainer: StyleTrainer, batch: int) -> float:
    """Pairs of pictures a second that one process makes."""
    trainer.made(0)
    start = time.perf_counter()
    for i in range(1, 3):
        trainer.made(i)
    return 2 * batch / (time.perf_counter() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", nargs="+", default=["paper", "compact"])
    parser.add_argument("--size", nargs="+", type=int, default=[128, 256])
    parser.add_argument("--batch", nargs="+", type=int, default=[1, 4, 16, 64])
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--compile", action="store_true", help="also compiled, and captured")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        print("There is no GPU here; benchmarks/training.py times a CPU.")
        return
    torch.set_num_threads(1)
    print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}, bf16-mixed")
    print("| preset | size | batch | pictures/s | TFLOP/s | of a plain stack | waits | made/s |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as name:
        for preset in options.preset:
            for size in options.size:
                folder = Path(name) / f"{preset}{size}"
                for batch in options.batch:
                    for how in ["", *["compiled", "captured"] * options.compile]:
                        print(row(folder, preset, size, batch, options.steps, how), flush=True)


def row(folder: Path, preset: Preset, size: int, batch: int, count: int, how: str) -> str:
    """One shape of step as a row of the table; where it fails, the row says why.

    Args:
        how: ``compiled`` (each network), ``captured`` (each direction whole), or nothing.
    """
    start = f"| {preset}{', ' * bool(how)}{how} | {size} | {batch} | "
    try:
        return start + figures(folder, preset, size, batch, count, how)
    # Whatever a card, its driver or a compiler says, the other rows are worth their minutes.
    except Exception as error:  # noqa: BLE001
        reason = (str(error).splitlines() or [""])[0].replace("|", "/")
        return f"{start}{type(error).__name__}: {reason} | | | | |"
    finally:
        torch.cuda.empty_cache()


def figures(folder: Path, preset: Preset, size: int, batch: int, count: int, how: str) -> str:
    """What one row says of its step; see :func:`row`."""
    one = trainer(folder, preset, size, 1, batch, "bf16-mixed", "cuda")
    speed = made(one, min(batch, 16))
    work = flops(one)
    peak = plain_stack(one, size, batch)
    if how:
        (one.compile if how == "compiled" else one.capture)()
    seconds, busy = steps(one, count)
    return (
        f"{batch / seconds:.1f} | {work / seconds / 1e12:.0f} | {work / seconds / peak:.0%} | "
        f"{1 - busy:.0%} | {speed:.0f} |"
    )


if __name__ == "__main__":
    main()
