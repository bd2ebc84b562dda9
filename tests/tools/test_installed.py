"""What the light install is said to take is what it installs."""

from importlib.metadata import distribution

from tools.installed import needed, size


def test_the_light_install_is_what_toonmark_needs_without_extras():
    found = needed("toonmark")
    assert {"toonmark", "opencv-python-headless", "onnxruntime", "numpy", "pydantic-core"} <= found
    assert not found & {"torch", "av", "fastapi", "scikit-image", "vtracer"}


def test_sizes_are_those_of_the_files():
    package = distribution("typer")
    inside = package.locate_file("typer").rglob("*.py")
    assert sum(file.stat().st_size for file in inside) <= size(package) < 2e6
