PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Most tests wait for other processes, so one worker more than two cores.
WORKERS ?= 3
# Plugins that only one of the suites needs are slow to import.
PYTEST := $(BIN)/python -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder -p no:schemathesis

.PHONY: demo test slow coverage bench reliability pictures notebooks check lab clean

$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -e '.[test]'
	touch $(STAMP)

demo: $(STAMP)  ## run the quickstart headless on a temporary local AERO
	@$(BIN)/aero-jupyter demo --notebook notebooks/01-quickstart.ipynb

test: $(STAMP)  ## run the tests and the notebooks; takes less than ten minutes
	$(PYTEST) -p no:nbval -m "not slow" tests
	$(PYTEST) --nbval --nbval-current-env -p no:cacheprovider notebooks

slow: $(STAMP)  ## run the slow tests
	$(PYTEST) -p no:nbval -m slow tests

coverage: $(STAMP)  ## run all tests and report which lines of the package they miss; fail below the floor
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n $(WORKERS) --dist loadscope --no-loadscope-reorder tests
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

bench: $(STAMP)  ## measure the speed
	cd tests && ../$(BIN)/python -m benchmarks

reliability: $(STAMP)  ## measure kills, faults, inputs, memory, throughput and latency
	cd tests && ../$(BIN)/python -m benchmarks reliability

pictures: $(STAMP)  ## draw every panel in light and dark at three widths, into docs/pictures; look at them
	cd tests && ../$(BIN)/python -m support.panel_pictures ../docs/pictures

notebooks: $(STAMP)  ## run the notebooks, and save the outputs that differ in every run
	cd tests && ../$(BIN)/python -m support.notebook_outputs ../notebooks/0[13456]-*.ipynb

check: $(STAMP)  ## check style, types, imports between the rooms, dependencies, spelling and JavaScript (needs Node)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/vulture
	$(BIN)/codespell aero_jupyter docs *.md
	npx --yes --package typescript@5.9.3 -- tsc --project jsconfig.json
	npx --yes oxlint@1.94.0 --deny-warnings --allow no-unused-vars aero_jupyter/notebook/static

lab: $(STAMP)  ## open JupyterLab on the quickstart
	$(BIN)/jupyter lab notebooks/01-quickstart.ipynb

clean:
	rm -rf $(VENV) build dist
