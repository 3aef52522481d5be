# The commands of this project, by name; what each does is in scripts/, or is one line here.

VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
REVISION := $(shell git rev-parse HEAD 2>/dev/null)

.PHONY: help demo record-demo version rust test fresh lint deny bench hostile live image reproduce page-check orb-pack fuzz fuzz-coverage mutants engines structures

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1	\2/p' Makefile | expand -t 22

demo: ## the gate, four times, at a registry of its own on this machine
	sh scripts/demo.sh

record-demo: ## the README's moving picture of the demo, drawn again
	sh scripts/record-demo.sh

version: ## VERSION=X.Y.Z of program, image and orb, set in every file
	sh scripts/set-version.sh "$(VERSION)"

rust: ## RUST=X.Y.Z that the project builds with, set in every file
	sh scripts/set-rust.sh "$(RUST)"

test: ## everything that can be tested here (installs what it needs); says at its end what could not
	sh scripts/test.sh

fresh: ## demo and test in a clean Debian root with the newest stable Rust (RUST=pinned: with the pinned one)
	sh scripts/fresh.sh

lint: ## format, clippy, documentation, shell scripts
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS=-Dwarnings cargo doc --locked --no-deps
	sh scripts/lint-sh.sh

deny: ## licences, duplicates, sources and advisories of the dependencies
	sh scripts/deny.sh

fuzz: ## every parser on bytes of anybody's, SECONDS_EACH=180
	sh scripts/fuzz.sh $(or $(SECONDS_EACH),180)

fuzz-coverage: ## which lines of the parsers the kept corpus reaches
	sh scripts/fuzz.sh coverage

mutants: ## whether a test goes red when a decision is changed: N=100 of them, SEED=1
	N="$(N)" SEED="$(SEED)" sh scripts/mutants.sh

engines: ## which images docker, containerd and podman pull: N=400 drawn ones, SEED=1; writes docs/engines.md
	N="$(N)" SEED="$(SEED)" TRY="$(TRY)" sh scripts/engines.sh

structures: ## whether the structures that engines read documents into are still those of their sources
	sh scripts/structures.sh

bench: ## size, requests, time and memory, with their limits, beside crane, oras and skopeo
	sh scripts/bench.sh

hostile: ## processor time and memory of the worst input at each bound, WORDS="names of inputs"
	sh scripts/hostile.sh $(WORDS)

live: ## one real image at DigitalOcean and the shape of its answers; reads only
	sh scripts/live.sh

image: ## the container image, as verify-registry-image:VERSION
	DOCKER_BUILDKIT=1 docker build --build-arg "REVISION=$(REVISION)" --build-arg "VERSION=$(VERSION)" \
	  --tag "verify-registry-image:$(VERSION)" .

reproduce: ## build the static binaries twice and compare them to the byte
	sh scripts/reproduce.sh

page-check: ## the report pages in a real Chromium; leaves screenshots to be looked at
	sh scripts/page-check.sh

orb-pack: ## check orb/src, and pack it into orb/orb.yml
	PATH="$$(sh scripts/tools.sh):$$PATH" python3 scripts/orb.py pack
