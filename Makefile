# Two commands do everything on a fresh machine: `make demo` and `make test`.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/$(if $(filter Windows_NT,$(OS)),Scripts,bin)
EXE = $(if $(filter Windows_NT,$(OS)),.exe)

.PHONY: demo check test lint format page screenshots clean

# The light install, a real photo, the style that ships.
demo: $(VENV)/.light
	$(BIN)/python -m pip install --quiet "scikit-image>=0.24"  # carries NASA's portrait of Eileen Collins
	$(BIN)/python -c "import skimage, PIL.Image; PIL.Image.fromarray(skimage.data.astronaut()).save('astronaut.png')"
	$(BIN)/toonmark cartoonize astronaut.png -o astronaut-toon.png --size 512
	$(BIN)/toonmark cartoonize astronaut.png -o astronaut-in-photo.png --output in-photo
	@echo "Look at astronaut-toon.png and astronaut-in-photo.png"

# Lint, types and every test that is not slow, side by side: what to run while working.
check: $(VENV)/.dev
	$(MAKE) -j 2 lint quick

# A thread for each process: as many processes as cores share these, and threads of one wait for others'.
.PHONY: quick
quick: $(VENV)/.dev
	OMP_NUM_THREADS=1 OPENCV_FOR_THREADS_NUM=1 $(BIN)/python -m pytest -m "not slow" -n auto

# Lint, types and all tests, with everything installed.
test: $(VENV)/.dev lint
	@if command -v npm >/dev/null; then $(MAKE) page; else echo "no npm: tests of the page are skipped"; fi
	$(BIN)/python -m pytest

# Small faults put into the code one by one: which of them do the tests not see? One module:
# make mutants MUTANTS='toonmark.losses*'. What is left is explained in docs/mutants.md.
MUTANTS ?= toonmark.losses* toonmark.training.step* toonmark.models.* toonmark.data.* toonmark.training.config.*
.PHONY: mutants
mutants: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet 'mutmut>=3.8,<4'
	OMP_NUM_THREADS=1 $(BIN)/python -m mutmut run --max-children 2 $(foreach name,$(MUTANTS),'$(name)')
	$(BIN)/python -m mutmut results

# The lowest versions that pyproject.toml declares, in environments of their own, and the tests of
# what they serve; needs uv. One part: make lowest LOWEST=using
LOWEST ?= using making
using: EXTRAS = video,web
using: TESTS = tests/using tests/web
making: EXTRAS = train,eval
making: TESTS = tests/test_losses.py tests/test_landmarks.py tests/test_exporting.py tests/models tests/training tests/evaluation
UV ?= uv
.PHONY: lowest using making dist image docs installed lock coverage fuzz
lowest: $(LOWEST)
using making:
	$(UV) venv --quiet --clear --python 3.11 $(VENV)-$@
	$(UV) pip install --quiet --python $(VENV)-$@/bin/python --resolution lowest-direct --only-binary :all: --no-binary toonmark -e '.[$(EXTRAS)]'
	$(UV) pip freeze --quiet --python $(VENV)-$@/bin/python --exclude-editable >$(VENV)-$@/lowest.txt
	$(UV) pip install --quiet --python $(VENV)-$@/bin/python --only-binary :all: -c $(VENV)-$@/lowest.txt pytest hypothesis httpx httpx2 scikit-image onnx
	$(VENV)-$@/bin/python -m pytest -p no:cacheprovider $(TESTS)

# The wheel and the source, as an index would take them. With the page where `make page` was called,
# or where there is npm.
dist:
	$(PYTHON) -m venv $(VENV)-dist
	$(VENV)-dist/$(notdir $(BIN))/python -m pip install --quiet 'build>=1.2' 'twine>=6.1' 'check-wheel-contents>=0.6'
	rm -rf dist
	$(VENV)-dist/$(notdir $(BIN))/python -m build --outdir dist .
	$(VENV)-dist/$(notdir $(BIN))/python -m twine check --strict dist/*
	$(VENV)-dist/$(notdir $(BIN))/python -m check_wheel_contents dist/*.whl

# The wheel of `make dist` alone, in a fresh environment of each Python that uv finds or brings: it draws.
PYTHONS ?= 3.11 3.12 3.13
installed:
	for version in $(PYTHONS); do \
	    $(UV) venv --quiet --clear --python $$version $(VENV)-installed && \
	    $(UV) pip install --quiet --python $(VENV)-installed/bin/python dist/*.whl scikit-image && \
	    $(VENV)-installed/bin/python -P tools/installed.py || exit 1; \
	done

# Mutated clips and uploads, by far more than the tests draw: none may crash, hang or grow. Others:
# make fuzz SEED=7
FUZZ ?= 1000
SEED ?= 0
fuzz: $(VENV)/.dev
	TOONMARK_FUZZ=$(FUZZ) TOONMARK_FUZZ_SEED=$(SEED) $(BIN)/python -m pytest -s tests/using/test_video_fuzz.py tests/web/test_fuzz.py

# What developers get by `uv sync --all-extras`.
lock:
	$(UV) lock

# Which lines the tests reach, also in the processes that they start. A part: make coverage COVERED=tests/using
# Fails below a share of lines: make coverage LEAST=92
COVERED ?= tests
LEAST ?= 0
coverage: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet 'coverage>=7.10'
	$(BIN)/python -m coverage erase
	$(BIN)/python -m coverage run -m pytest $(COVERED)
	$(BIN)/python -m coverage combine --quiet
	$(BIN)/python -m coverage report --skip-covered --sort cover --fail-under $(LEAST)

# The documentation as a site, in site/; fails at a broken link.
docs: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet -e '.[docs]'
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

# toonmark serve in a container, at most 500 MB; see Dockerfile.
image:
	docker build --tag toonmark .
	test $$(docker image inspect --format '{{.Size}}' toonmark) -le 500000000

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
	$(BIN)/ruff check src tests benchmarks tools examples docs
	$(BIN)/ruff format --check src tests benchmarks tools examples
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(VENV)/.dev
	$(BIN)/ruff check --fix src tests benchmarks tools examples docs
	$(BIN)/ruff format src tests benchmarks tools examples

$(BIN)/python$(EXE):
	$(PYTHON) -m venv $(VENV)

$(VENV)/.light: $(BIN)/python$(EXE) pyproject.toml
	$(BIN)/python -m pip install --quiet -e .
	touch $@

$(VENV)/.dev: $(BIN)/python$(EXE) pyproject.toml
	$(BIN)/python -m pip install --quiet -e '.[dev]'
	touch $@

clean:
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache astronaut*.png
