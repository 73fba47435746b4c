# Everything from a bare Debian or Ubuntu with python3 (3.10 or later), git and make; `make help` tells what there is.
# $MICROPYTHON names the MicroPython interpreter where there is no packaged one, $PYTHON the Python to build .venv with.

RUN = .venv/bin/python -m

.PHONY: help demo test soak fuzz campaign test-brokers test-homeassistant lint size fresh clean setup

help: ## what this file can do
	@sed -n 's/^\([a-z-]*\):.*## /\1|/p' Makefile | while IFS='|' read -r name text; do printf 'make %-18s %s\n' "$$name" "$$text"; done

demo: ## a virtual node through four wakes, and what a subscriber received
	@tools/setup demo
	@$(RUN) dormouse simulate --wakes 4 --send '{"id": 1, "wake_every_s": 600}'

test: ## all tests, the pure ones on CPython and on MicroPython; ARGS="-k burst" passes pytest options
	@tools/setup test
	@# They mostly wait, so there are more at once than cores. Many hold times against deadlines: what fails beside others must
	@# pass alone, on a machine that does nothing else.
	@$(RUN) pytest --numprocesses 4 --dist loadfile $(ARGS) || \
		{ echo "== what failed, again and alone"; $(RUN) pytest --last-failed --last-failed-no-failures none $(ARGS); }

soak: ## 10,000 wakes of 16 nodes with outages, resets, power cuts, about 15 minutes on two cores; ARGS="--seed 7 --wakes 500"
	@tools/setup test
	@.venv/bin/python tests/soak/soak_cli.py $(ARGS)

fuzz: ## a million broken packets through the MQTT decoders, 3 minutes; ARGS="--seed 7 --case 123" repeats one
	@tools/setup test
	@.venv/bin/python tests/codec/fuzz.py $(ARGS)

campaign: ## every fault at every point of a wake, on every board; ARGS="--board esp8266 --point 12 --fault reset" repeats one
	@tools/setup test
	@.venv/bin/python tests/campaign/campaign.py $(ARGS)

test-brokers: ## the conformance suite on RabbitMQ, NATS and aedes too, see docs/brokers.md
	@tools/setup brokers
	@BROKERS="rabbitmq nats aedes" $(RUN) pytest tests/conformance $(ARGS)

test-homeassistant: ## a node in the real Home Assistant, 2 to 6 minutes, see docs/homeassistant.md
	@tools/setup test
	@.venv/bin/python tests/homeassistant/run_ha.py $(ARGS)

lint: ## ruff, the syntax and layer gates, pyright for each port and for the tools
	@tools/setup lint
	@failed=0; \
	$(RUN) ruff check --output-format concise || failed=1; \
	$(RUN) pytest -q tests/lint tests/test_layers.py || failed=1; \
	.venv/bin/python tests/lint/check_types.py || failed=1; \
	exit $$failed

size: ## measure docs/size.md anew
	@tools/setup test
	@$(RUN) dormouse size

fresh: ## make anew all that a command makes: sizes, tables, pictures, the names of shipped files
	@tools/setup test
	@for made in size wake "boards --write" "sensors --write" "check --write" "battery --write" "homeassistant --write" screenshots; do \
		$(RUN) dormouse $$made || exit 1; done
	@$(RUN) dormouse watch --picture docs/screens/watch.svg
	@$(RUN) dormouse.upgrading.shipped --names

setup: ## only what `make test` and `make lint` need
	@tools/setup test
	@tools/setup lint

clean: ## remove all that the others made
	rm -rf .venv .stubs build .pytest_cache .ruff_cache tools/*.egg-info tests/support/aedes/node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
