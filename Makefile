# make demo    set up, train on the small corpus that ships here, test, export, transcribe
# make test    set up, run the fast tests
# make check   lint and types
# make docs    build the site into build/site, its notebook executed; warnings are errors; check its links
# make links   look whether the addresses that it names exist (needs the internet)
# make fuzz    open and search with damaged scorers, under sanitizers, for SECONDS=60
# make kernels, make kernels-arm64   compare the kernels of 8-bit networks; the latter needs g++-aarch64-linux-gnu and qemu-user
# make wheels   build wheels and source distributions of both packages, try each on PYTHONS; they lie in build/wheels/dist
# make wheels-elsewhere   then those for arm64, under qemu, and on other Debians' Pythons (mmdebstrap, qemu-user, g++-aarch64-linux-gnu)
# make Dockerfile.train, make Dockerfile.serve   write an image file, for DEEPSPEECH_REPO=… at DEEPSPEECH_SHA=…
# make try-dockerfiles   execute both files' steps here without Docker (root, debootstrap; minutes)
# make clean   remove what these made

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test test-slow check docs links fuzz kernels kernels-arm64 wheels wheels-elsewhere try-dockerfiles clean

demo: $(VENV)/.trainer
	$(BIN)/python scripts/demo.py

test: $(VENV)/.developer
	$(BIN)/python -m pytest -rs -n auto --dist loadfile

test-slow: $(VENV)/.developer
	$(BIN)/python -m pytest -rs -m slow

check: $(VENV)/.developer
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

SPHINX := $(BIN)/python -m sphinx -q -W --keep-going
NOTEBOOK := docs/generated/first-model.md
docs: $(VENV)/.writer $(NOTEBOOK)
	$(SPHINX) -b html docs build/site
	$(BIN)/python scripts/check_links.py build/site

links: $(VENV)/.writer $(NOTEBOOK)
	$(SPHINX) -b linkcheck docs build/links

$(NOTEBOOK): docs/notebooks/first-model.ipynb $(VENV)/.writer
	$(BIN)/jupyter nbconvert --log-level WARN --to markdown --execute $< --output-dir $(@D)

SECONDS := 60
fuzz: build/fuzz/scorers
	build/fuzz/scorers --seconds $(SECONDS) $(wildcard ../shared/data/scorers/*.scorer ../shared/fixtures/decoder/*.scorer)

# Plain C++ alone: needs g++ (or clang++), no Python. -O1: as fast as sanitizers let it be, and still quick to build.
CXX ?= g++
FUZZ_FLAGS := -std=c++17 -Wall -Wextra -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
FUZZED := $(wildcard native/fuzz/*.cc) $(filter-out native/src/bind% native/src/frame_kernel% native/src/lstm%,$(wildcard native/src/*.cc))

build/fuzz/scorers: $(FUZZED:%.cc=build/fuzz/%.o)
	$(CXX) $(FUZZ_FLAGS) -o $@ $^

build/fuzz/%.o: %.cc $(wildcard native/*/*.hh)
	@mkdir -p $(@D)
	$(CXX) $(FUZZ_FLAGS) -Inative/src -c -o $@ $<

# The kernels alone, each file with its instructions as in native/CMakeLists.txt; the rest of this machine's flags differ.
CHECK_FLAGS := -std=c++17 -Wall -Wextra -O3 -ffp-contract=off -Wno-uninitialized -Wno-maybe-uninitialized -Inative/src
CHECKED := check/int8_kernels src/int8_kernel src/int8_portable src/int8_avx512 src/int8_avx_vnni src/int8_avx2 src/int8_neon

kernels: build/check/x86_64/int8_kernels
	$<

kernels-arm64:
	@if command -v aarch64-linux-gnu-g++ && command -v qemu-aarch64; then \
	  $(MAKE) --no-print-directory build/check/aarch64/int8_kernels && qemu-aarch64 build/check/aarch64/int8_kernels; \
	else echo "kernels-arm64 is left out: it needs aarch64-linux-gnu-g++ and qemu-aarch64"; fi

build/check/x86_64/src/int8_avx512.o: CHECK_FLAGS += -mavx512f -mavx512bw -mavx512vl -mavx512vnni -mfma
build/check/x86_64/src/int8_avx2.o: CHECK_FLAGS += -mavx2 -mfma
# As processors with AVX-512 VNNI, which are more common, run it.
build/check/x86_64/src/int8_avx_vnni.o: CHECK_FLAGS += -mavx2 -mfma -mavx512vl -mavx512vnni
build/check/aarch64/src/int8_neon.o: CHECK_FLAGS += -march=armv8.2-a+dotprod
build/check/x86_64/%: CHECK_CXX := $(CXX)
build/check/aarch64/%: CHECK_CXX := aarch64-linux-gnu-g++

build/check/x86_64/int8_kernels: $(CHECKED:%=build/check/x86_64/%.o)
build/check/aarch64/int8_kernels: $(CHECKED:%=build/check/aarch64/%.o)
build/check/%/int8_kernels:
	$(CHECK_CXX) -static -o $@ $^

build/check/x86_64/%.o build/check/aarch64/%.o: native/%.cc $(wildcard native/src/int8_*.hh)
	@mkdir -p $(@D)
	$(CHECK_CXX) $(CHECK_FLAGS) -c -o $@ $<

PYTHONS ?= $(or $(wildcard $(HOME)/.pyenv/versions/3.1[0-9].*/bin/python3),$(shell command -v $(PYTHON)))
wheels:
	$(PYTHON) scripts/wheels.py $(PYTHONS)

wheels-elsewhere:
	$(PYTHON) scripts/wheels_elsewhere.py $(PYTHONS)

# Where an image gets the project, and which state of it; by default that of this checkout.
DEEPSPEECH_REPO ?= $(shell git remote get-url origin 2>/dev/null)
DEEPSPEECH_SHA ?= $(shell git rev-parse HEAD 2>/dev/null)

.PHONY: Dockerfile.train Dockerfile.serve
Dockerfile.train Dockerfile.serve: %: %.tmpl
	$(if $(DEEPSPEECH_REPO),,$(error say where the project is to be had: make $@ DEEPSPEECH_REPO=https://…))
	$(if $(DEEPSPEECH_SHA),,$(error say which commit: make $@ DEEPSPEECH_SHA=…))
	@sed -e 's|#DEEPSPEECH_REPO#|$(DEEPSPEECH_REPO)|g' -e 's|#DEEPSPEECH_SHA#|$(DEEPSPEECH_SHA)|g' $< > .$@.partial
	@mv .$@.partial $@ && echo "$@: $(DEEPSPEECH_REPO) at $(DEEPSPEECH_SHA)"

# HERE is what only this machine needs, for example HERE="--bind /etc/pip.conf --env PIP_CERT=/etc/ssl/certs/ca.pem".
try-dockerfiles:
	$(MAKE) --no-print-directory Dockerfile.train Dockerfile.serve DEEPSPEECH_REPO=/checkout
	$(PYTHON) scripts/run_dockerfile.py Dockerfile.serve --bind .:/checkout $(HERE)
	$(PYTHON) scripts/run_dockerfile.py Dockerfile.train --bind .:/checkout $(HERE)

clean:
	rm -rf $(VENV) build demo-run docs/generated Dockerfile.train Dockerfile.serve

# Installed in place: Python code is used from src/, the C++ extension is built again when native/ changes.
NATIVE := $(wildcard native/CMakeLists.txt native/src/*)

$(VENV)/.trainer: pyproject.toml constraints.txt $(NATIVE)
	@$(PYTHON) scripts/bare_machine.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet -c constraints.txt -e .
	@touch $@

$(VENV)/.developer: $(VENV)/.trainer
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[dev]"
	@touch $@

$(VENV)/.writer: $(VENV)/.trainer
	$(BIN)/python -m pip install --quiet -c constraints.txt -e ".[docs,serve]"
	@touch $@
