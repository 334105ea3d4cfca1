# Two commands are enough: `make demo` and `make test`. Each first installs what is missing, once.

.DEFAULT_GOAL := help
.PHONY: help demo test test-tflite test-arm64 test-camera deb test-deb lint clean pictures

BIN := .venv/bin
ARGS :=

help: ## Show this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1|\2/p' $(MAKEFILE_LIST) | while IFS='|' read -r name text; do \
		printf '  make %-12s %s\n' "$$name" "$$text"; done

demo: ## Run five visits on scripted cameras, from the unit to the central server (ARGS="--out DIR")
	@tools/setup.sh demo
	@$(BIN)/doorstep demo $(ARGS)

test: ## Check style, types and import contracts, then run every test (DOORSTEP_EVAL_DATA=DIR adds those on real data)
	@tools/setup.sh test
	@$(MAKE) --no-print-directory lint
	@$(BIN)/python -m pytest $(ARGS)

test-tflite: ## Run every test on the other runtime, tflite-runtime 2.14 (needs Python 3.11)
	@tools/setup.sh tflite
	@.venv-tflite/bin/python -m pytest $(ARGS)

deb: ## Make the unit's Debian packages, arm64 and amd64, in dist/ (ARGS="--release trixie --arch arm64")
	@tools/setup.sh demo
	@$(BIN)/python -m tools.deb build $(ARGS)

test-deb: ## Lead the package through its life in a clean system, then use it under a running systemd (root, minutes)
	@tools/setup.sh test
	@$(BIN)/python -m tools.deb life $(ARGS)
	@$(BIN)/python -m tools.deb boot

test-arm64: ## Try the arm64 wheels, the nets and a visit on emulated processors of the Pi (many minutes)
	@tools/setup.sh arm64
	@$(BIN)/python -m tools.arm64 $(ARGS)

test-camera: ## Try the camera adapter on the real picamera2 over libcamera's virtual camera (root; else it says why not)
	@tools/setup.sh camera
	@$(BIN)/python -m tools.virtual_camera $(ARGS)

lint: ## Check style, types and import contracts only
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

clean: ## Remove what was made in this folder (not the caches: those are in ~/.cache/doorstep)
	rm -rf .venv .venv-tflite build dist demo-out *.egg-info \
		.pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

pictures: ## Make the pictures of docs/central.md again; faces are covered
	DOORSTEP_SCREENSHOTS=docs/pictures $(BIN)/python -m pytest tests/central/test_desk_browser.py
