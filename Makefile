.PHONY: run test test-full lint check fmt types bench screenshots airflow-check prepare prepare-dev

# Python that has the packages; `prepare` makes it. Everything it does, it does once.
PYTHON = .venv/bin/python
# Tests wait as much as they compute: on two cores three beside each other are quickest. The emulator then stalls now and
# then for longer than the app waits, so a test that fails is run once more; the report counts it as rerun.
WORKERS = 3

run: prepare
	@$(PYTHON) -m devhost.up

test: prepare-dev
	@$(PYTHON) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder --reruns 1

# The tests that show something by number, in full: a thousand failures instead of two hundred. Half an hour.
test-full:
	@FULL_SIZE=1 $(MAKE) test

lint: prepare-dev
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m mypy
	@npm run --silent lint --prefix static_dashboard

check: lint
	@$(PYTHON) -m devhost.check

fmt: prepare-dev
	@$(PYTHON) -m ruff format .
	@$(PYTHON) -m ruff check --fix .

types: prepare
	@$(PYTHON) -m devhost.openapi

bench: prepare-dev
	@$(PYTHON) -m bench

# The pictures of the README, docs/pictures/.
screenshots: prepare-dev
	@$(PYTHON) -m bench screenshots

# Takes minutes; see tests/airflow/check_airflow.py.
airflow-check: prepare-dev
	@$(PYTHON) -m pytest tests/airflow/check_airflow.py

prepare:
	@sh devhost/prepare.sh

prepare-dev:
	@sh devhost/prepare.sh dev
