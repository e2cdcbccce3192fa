# Everything a person types. `make help` lists it.
.DEFAULT_GOAL := help
.PHONY: help demo test rest matrix simulate zoo soak check audit-packages format bench record clean

# hundreds of tests start the program anew: where the environment forbids it to keep what it has compiled, each of them
# compiles all of it
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

help: ## List every target
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 16

$(INSTALLED): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $(INSTALLED)

demo: $(INSTALLED) ## Watch a segment change go from YAML to a plan to a tenant and back to "no changes"
	$(BIN)/reconciler demo

# left out where branches are covered: runs of the whole program, and of what is made of expressions, which take twice
# as long where every line is traced; what they run, others run as well
WHOLE := tests/cli tests/oracle tests/steps/apply tests/properties tests/kinds tests/cassettes tests/test_engines.py tests/test_starter.py \
	tests/audience/decision/test_suppression.py tests/audience/staging/test_phone_normalisation.py tests/audience/staging/test_number_to_call.py \
	tests/audience/diff/test_recency_only.py tests/audience/campaigns/test_audience_by_place.py tests/audience/test_bad_outcomes.py \
	tests/audience/sources/test_files.py tests/steps/test_campaigns_of_others.py tests/simulator/test_demo_tenant.py \
	tests/policy tests/code_hosts/test_github.py tests/code_hosts/test_gitlab.py tests/code_hosts/test_script.py tests/test_benchmarks.py \
	tests/views/test_html_in_chromium.py tests/views/test_views.py tests/steps/test_compare.py tests/steps/test_causes.py tests/ledger/test_last_applied.py \
	tests/surfaces/nice tests/simulation tests/test_soak.py

# one more than there are cores: a part of what each does is waiting
WORKERS := $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 1)))
TESTS := $(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

test: $(INSTALLED) ## Run the test suite: of long tests a slice, at one place of 45, a tenth of the examples
ifdef COVERED
	RECONCILER_EVERY=45 $(TESTS) -m 'not matrix' --cov --cov-report=term --cov-fail-under=85 $(WHOLE:%=--ignore=%)
	RECONCILER_EVERY=45 $(TESTS) -m 'not matrix' $(WHOLE)
else
	RECONCILER_EVERY=45 $(TESTS) -m 'not matrix'
endif

rest: $(INSTALLED) ## Run what `make test` leaves of the long tests, at as many places; PART=2/3 runs the second third of it
	RECONCILER_EVERY=45 $(TESTS) $(PART:%=--part %) -m matrix

matrix: $(INSTALLED) ## Run the long tests whole: kill runs, and hit them by faults, at every place; try all examples and countries
	$(TESTS) --timeout 1800 -m 'matrix or sampled'

SEEDS ?= 2000

simulate: $(INSTALLED) ## Play worlds with faults, crashes and people in them, and hold each against docs/invariants.md: SEEDS=n, from FROM=0
	$(BIN)/python -m tests.simulation $(or $(FROM),0):$$(($(or $(FROM),0) + $(SEEDS))) --split

zoo: $(INSTALLED) ## Plant each fault of tests/simulation/zoo.toml, and look for a seed that finds it
	$(BIN)/python -m tests.simulation --zoo

soak: $(INSTALLED) ## Change, plan, apply and fail CYCLES times in one process, and see that it holds no more at the end
	$(BIN)/python -m tests.soak $(or $(CYCLES),500)

check: $(INSTALLED) ## Format, lint, types, 400 seeds of the simulation, tests with branch coverage: what CI runs before `make rest`
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/bandit --quiet --configfile pyproject.toml --recursive reconciler tools
	$(MAKE) simulate SEEDS=400
	$(MAKE) test COVERED=yes

AUDIT := .audit-packages

audit-packages: ## Ask for known faults of the packages in constraints.txt; fails where nobody can be asked
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip install --quiet pip-audit==2.10.1
	$(AUDIT)/bin/pip-audit --requirement constraints.txt --no-deps --disable-pip

format: $(INSTALLED) ## Format the code and sort the imports
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(INSTALLED) ## Run the benchmarks, one after the other
	@for each in benchmarks/*.py; do echo "== $$each"; $(BIN)/python $$each || exit 1; done

record: $(INSTALLED) ## Record the cassettes again, from the embedded tenant
	$(BIN)/python -m pytest tests/cassettes --record

clean: ## Remove what the targets above made
	rm -rf $(VENV) demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage*
