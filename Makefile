# Backroom. `make help` lists what there is. Needs Python 3.11 or later, and make; no service.
#
#   make demo TORCH=cpu     the small torch build without CUDA (Linux; through uv)
#   make demo TORCH=auto    the build that fits this machine's GPU (through uv)
#   make demo SERVE=0       end after the night instead of serving
PYTHON ?= python3
VENV   ?= .venv
SERVE  ?= 1
PORT   ?= 8000
TORCH  ?=
JOBS   ?= auto

BIN := $(VENV)/bin
PY  := $(BIN)/python

# Idle OpenMP threads must sleep, not spin: on a busy two-core machine this is ten times faster.
export OMP_WAIT_POLICY ?= PASSIVE
export OPENBLAS_NUM_THREADS ?= 1

.DEFAULT_GOAL := help
.PHONY: help install install-dev demo serve worker night test check bench shots translations clean

help: ## list these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 16

install: $(VENV)/.runtime ## virtual environment and runtime dependencies
install-dev: $(VENV)/.dev ## the same and what tests and checks need

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Backroom needs Python 3.11 or later; name one with: make PYTHON=python3.12 …"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || \
		{ echo "Python's venv module is missing; on Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(VENV)/.runtime: requirements.txt | $(PY)
	@echo "installing the runtime dependencies (a minute or two, once) …"
ifneq ($(TORCH),)
	@$(BIN)/pip install -q --disable-pip-version-check uv==0.13.9
	@UV_TORCH_BACKEND=$(TORCH) $(BIN)/uv pip install -q --python $(PY) -r requirements.txt
else
	@$(BIN)/pip install -q --disable-pip-version-check -r requirements.txt
endif
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	@echo "installing what the tests need …"
	@$(BIN)/pip install -q --disable-pip-version-check -r requirements-dev.txt
	@touch $@

demo: install ## a demo shop, its first night, then the back office at http://127.0.0.1:8000
	@$(PY) manage.py demo
ifneq ($(SERVE),0)
	@$(PY) manage.py up --port $(PORT)
endif

serve: install ## web, workers and clock, on the data that is there
	@$(PY) manage.py up --port $(PORT)

worker: install ## one more worker for the numeric queue
	@$(BIN)/celery -A config worker -Q ml -P prefork -c 1 --max-tasks-per-child=1 -n "ml-$$$$@%h" -l INFO

night: install ## the night, now, with a progress bar per step
	@$(PY) manage.py run_nightly

test: install-dev ## the tests, on the embedded database (or on DATABASE_URL)
	@$(PY) -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

check: install-dev ## style, types, migrations, configuration, then the tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/djlint --quiet --lint templates $(wildcard */templates)
	@$(BIN)/mypy
	@$(PY) manage.py makemigrations --check --dry-run
	@$(PY) manage.py check --fail-level WARNING
	@$(PY) -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

bench: install-dev ## the figures of docs/performance.md, measured on this machine
	@for script in benchmarks/*.py; do echo "== $$script"; $(PY) $$script; \
		case $$? in 0) ;; 2) echo "not measured here";; *) exit 1;; esac; done
	@$(PY) -m benchmarks.ledger_proof

translations: install-dev ## collect the messages (needs gettext) and compile the catalogue
	@$(PY) manage.py makemessages -l zh_Hans --no-location --ignore=.venv --ignore=var --ignore=tests
	@$(PY) tests/compile_translations.py

clean: ## remove the virtual environment and everything the program wrote
	rm -rf $(VENV) var
