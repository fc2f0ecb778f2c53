# Two environments: .venv holds what scores, .venv-full what trains and checks. Each is made once and used again.
PYTHON ?= python3
DEMO_OUT := demo-report
TESTS ?= tests
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
EXAMPLES := examples/documents
# Handed over as they are: pasted into the recipe, a quote or a dollar in a file's name would be the shell's.
export DOC_VALUE := $(value DOC)
export OUT_VALUE := $(value OUT)

.DEFAULT_GOAL := help
.PHONY: help demo score test cluster torture lint format labels model clean

help: ## Show this list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: .venv/installed ## Install what scores, and score the example documents
	@.venv/bin/policyframes score $(EXAMPLES)/*.pdf $(EXAMPLES)/*.docx $(EXAMPLES)/*.html --output $(DEMO_OUT)

score: .venv/installed ## Score your own document: make score DOC=path [OUT=folder]
	@if [ -z "$$DOC_VALUE" ]; then echo 'Say which document: make score DOC=path/to/strategy.pdf' >&2; exit 2; fi; \
	name=$$(basename -- "$$DOC_VALUE"); \
	.venv/bin/policyframes score --output "$${OUT_VALUE:-policyframes-report/$${name%.*}}" -- "$$DOC_VALUE"

test: .venv-full/installed ## Install everything, and run the whole suite
	@.venv-full/bin/python -m pytest -n 2 $(TESTS)

cluster: .venv-full/ray ## Install Ray as well, and test archive jobs on a cluster of this machine's processes
	@.venv-full/bin/python -m pytest tests/inference/archive/test_engine_ray.py

torture: .venv-full/installed ## Kill archive jobs a thousand times, and print where: over an hour
	@POLICYFRAMES_TORTURE=1 .venv-full/bin/python -m pytest -s $(addprefix tests/inference/archive/test_,torture.py faults.py stopping.py)

lint: .venv-full/installed ## Check style and types
	@.venv-full/bin/ruff check .
	@.venv-full/bin/ruff format --check .
	@.venv-full/bin/mypy

format: .venv-full/installed ## Put the code into its form
	@.venv-full/bin/ruff check --fix .
	@.venv-full/bin/ruff format .

labels: .venv-full/installed ## Validate labels/ (DOCUMENTS=folder also compares with the documents)
	@.venv-full/bin/policyframes labels check $(if $(DOCUMENTS),--documents "$(DOCUMENTS)")

model: .venv-full/installed ## Train the fast tier into build/ (DOCUMENTS=folder adds the originals)
	@.venv-full/bin/policyframes train fast --output build/fast $(if $(DOCUMENTS),--documents "$(DOCUMENTS)")

clean: ## Remove both environments and what was built
	rm -rf .venv .venv-full build dist $(DEMO_OUT)

.venv/installed: pyproject.toml constraints.txt
	@$(call make_environment,.venv,.)

.venv-full/installed: pyproject.toml constraints.txt
	@$(call make_environment,.venv-full,.[dev])

.venv-full/ray: .venv-full/installed
	@.venv-full/bin/python $(PIP_INSTALL) --editable '.[dev,ray]' && touch $@

# $(1) the folder, $(2) what to install. The stamp is written last, so that an interrupted install starts again.
define make_environment
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
  echo "policyframes needs Python 3.11 or later; $(PYTHON) is $$($(PYTHON) --version 2>&1)." \
    "Name another: make PYTHON=python3.12 ..." >&2; exit 1; }; \
$(PYTHON) -m venv $(1) || { \
  echo "The venv module is missing. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }; \
echo "Installing into $(1) (once; later runs use it again) ..." >&2; \
$(1)/bin/python $(PIP_INSTALL) --editable '$(2)' && touch $(1)/installed
endef
