# Everything a person types. `make help` lists it.
.DEFAULT_GOAL := help
.PHONY: help demo test matrix check format bench record clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

help: ## List every target
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 16

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $(INSTALLED)

demo: $(INSTALLED) ## Watch a segment change go from YAML to a plan to a tenant and back to "no changes"
	$(BIN)/reconciler demo

# runs of the whole program, and of what is made of expressions, which take twice as long where every line is traced;
# what they run, others run as well
WHOLE := tests/cli tests/oracle tests/steps/apply tests/properties tests/kinds tests/cassettes tests/test_engines.py tests/test_starter.py \
	tests/audience/decision/test_suppression.py tests/audience/staging/test_phone_normalisation.py tests/audience/staging/test_contact_numbers.py \
	tests/audience/diff/test_recency_only.py tests/audience/campaigns/test_audience_by_place.py tests/audience/test_bad_outcomes.py \
	tests/steps/test_campaigns_of_others.py tests/simulator/test_demo_tenant.py

test: $(INSTALLED) ## Run the test suite with branch coverage, at one place of 45 and with a fifth of the examples
	RECONCILER_EVERY=45 $(BIN)/python -m pytest -n auto --dist loadgroup --cov --cov-report=term --cov-fail-under=85 $(WHOLE:%=--ignore=%)
	RECONCILER_EVERY=45 $(BIN)/python -m pytest -n auto --dist loadgroup $(WHOLE)

matrix: $(INSTALLED) ## Kill runs, and hit them by faults, at every place there is; try all examples and countries
	$(BIN)/python -m pytest -n auto --dist loadgroup --timeout 1800 tests/steps/apply tests/audience tests/properties tests/oracle tests/cli/test_damaged_files.py tests/cli/test_hostile_replies.py tests/cli/test_undeclared.py

check: $(INSTALLED) ## Format, lint, types, tests: what CI runs
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(MAKE) test

format: $(INSTALLED) ## Format the code and sort the imports
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(INSTALLED) ## Run the benchmarks, one after the other
	@for each in benchmarks/*.py; do echo "== $$each"; $(BIN)/python $$each || exit 1; done

record: $(INSTALLED) ## Record the cassettes again, from the embedded tenant
	$(BIN)/python -m pytest tests/cassettes --record

clean: ## Remove what the targets above made
	rm -rf $(VENV) demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*
