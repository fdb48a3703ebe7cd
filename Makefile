# make demo and make test set up what they need; nothing else has to be called before.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
ROUNDS ?= 20
DATA ?= ../shared/data
SEEDS ?= 1 2 3 4 5
.DELETE_ON_ERROR:
.PHONY: help setup servers demo test adversary check format bench flood soak evaluate scenarios reasons city-day crash alarm-crash sabotage wheel lock clean

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

setup: $(VENV)/.ready ## the environment, in .venv, from requirements.lock

$(VENV)/.ready: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .
	touch $@

servers: ## Debian's mosquitto, influxdb, victoria-metrics, prometheus-alertmanager and strace, when they are missing and we are root
	@deploy/install-servers mosquitto strace influxd:influxdb victoria-metrics prometheus-alertmanager

demo: setup ## the story of one entrapment, in the terminal
	$(BIN)/simulate demo

test: setup servers ## all tests, against real servers
	$(BIN)/pytest --numprocesses 3 --dist loadgroup

adversary: setup servers ## cut lines, full disks, forged senders, set clocks, on the real chain: a quarter of an hour
	$(BIN)/pytest -m long

check: setup ## linter, formatter, strict types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: setup ## let the formatter write
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: setup servers ## figures as ratios in one run; build/bench.json; PARTS="storm stages" for some of them
	$(BIN)/python -m tests.bench

flood: setup servers ## ten times the sustained rate at the sources, the broker's maximum at the hub, MINUTES (5) long
	$(BIN)/python -m tests.bench.flood

soak: setup servers ## network, broker and processes falter for MINUTES (10), and nothing may be lost or grow
	$(BIN)/simulate soak --minutes $(or $(MINUTES),10) --json

evaluate: setup ## rides of retrofit boxes; berths and roads on the pictures in DATA, and with each camera left out
	-@$(BIN)/python -c "import onnx, torch" 2>/dev/null || $(BIN)/python -m pip install --quiet -e '.[train]'
	@$(BIN)/python models/evaluate.py; lifts=$$?; \
	$(BIN)/python models/evaluate_road.py --data $(DATA); roads=$$?; \
	$(BIN)/python models/evaluate_berth.py --data $(DATA) && exit $$((lifts + roads))

crash: setup servers ## kill everything, ROUNDS times, and count
	$(BIN)/simulate crash --rounds $(ROUNDS) --json

alarm-crash: ROUNDS = 200
alarm-crash: setup ## kill what decides and tells, ROUNDS (200) times, and count
	$(BIN)/python -m tests.hub.alarm_crash --rounds $(ROUNDS) --seed $(or $(SEED),1)

scenarios: setup servers ## every scenario with every seed of SEEDS, two at a time; NAMES for some of them
	deploy/play-scenarios $(BIN)/simulate "$(SEEDS)" $(NAMES); played=$$?; $(BIN)/python -m tests.hub.reasons && exit $$played

reasons: setup ## which scenario reaches which reason that hub why gives; those of the city after make scenarios
	$(BIN)/python -m tests.hub.reasons

city-day: setup servers ## a day of 40 lifts with all of it mixed, in minutes
	$(BIN)/simulate run lift-city-day

sabotage: setup servers ## the scorer must be able to fail
	deploy/sabotage $(BIN)/simulate

wheel: setup servers ## build the wheel, install it in an empty environment, run the demo there on the embedded broker
	deploy/try-wheel $(PYTHON) $(BIN)/python

lock: setup ## write requirements.lock anew from pyproject.toml
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile pyproject.toml --extra dev --python-version 3.11 --universal --generate-hashes \
		--no-annotate --no-header --quiet --upgrade -o requirements.lock

clean: ## remove what was made
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
