PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test slow bench reliability check lab clean

$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e '.[test]'
	touch $(STAMP)

demo: $(STAMP)  ## the quickstart, headless, on a local AERO of its own
	@$(BIN)/aero-jupyter demo --notebook notebooks/01-quickstart.ipynb

test: $(STAMP)  ## everything that takes less than ten minutes
	$(BIN)/python -m pytest -m "not slow" tests
	$(BIN)/python -m pytest --nbval --nbval-current-env -p no:cacheprovider notebooks

slow: $(STAMP)  ## what takes longer
	$(BIN)/python -m pytest -m slow tests || test $$? -eq 5

bench: $(STAMP)  ## what is promised about speed, measured
	cd tests && ../$(BIN)/python -m benchmarks

reliability: $(STAMP)  ## kills, faults, inputs, memory, throughput and latency, in one table
	cd tests && ../$(BIN)/python -m benchmarks reliability

check: $(STAMP)  ## style, types and the doors between the rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lab: $(STAMP)  ## JupyterLab on the quickstart
	$(BIN)/jupyter lab notebooks/01-quickstart.ipynb

clean:
	rm -rf $(VENV) build dist
