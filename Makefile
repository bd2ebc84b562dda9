# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: demo test lint format page screenshots clean

# The light install, a real photo, the style that ships.
demo: $(VENV)/.light
	$(BIN)/python -m pip install --quiet "scikit-image>=0.24"  # carries NASA's portrait of Eileen Collins
	$(BIN)/python -c "import skimage, PIL.Image; PIL.Image.fromarray(skimage.data.astronaut()).save('astronaut.png')"
	$(BIN)/toonmark cartoonize astronaut.png -o astronaut-toon.png --size 512
	$(BIN)/toonmark cartoonize astronaut.png -o astronaut-in-photo.png --output in-photo
	@echo "Look at astronaut-toon.png and astronaut-in-photo.png"

# Lint, types and all tests, with everything installed.
test: $(VENV)/.dev lint
	@if command -v npm >/dev/null; then $(MAKE) page; else echo "no npm: tests of the page are skipped"; fi
	$(BIN)/python -m pytest

# The page that draws in the browser; needs Node.js 20.
PAGE = src/toonmark/web/static/index.html
page: $(PAGE)
$(PAGE): web/package-lock.json web/build.mjs $(shell find web/src -type f)
	npm ci --prefix web --no-audit --no-fund
	npm run build --prefix web

# Every state of the page at three widths, light, dark and in forced colours, to be looked at.
screenshots: $(VENV)/.dev $(PAGE)
	TOONMARK_SCREENSHOTS=$(CURDIR)/build/screenshots $(BIN)/python -m pytest -q tests/web/test_layout.py
	@echo "Look at build/screenshots"

lint: $(VENV)/.dev
	$(BIN)/ruff check src tests benchmarks tools
	$(BIN)/ruff format --check src tests benchmarks tools
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff check --fix src tests benchmarks tools
	$(BIN)/ruff format src tests benchmarks tools

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.light: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet -e .
	touch $@

$(VENV)/.dev: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	touch $@

clean:
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache astronaut*.png
