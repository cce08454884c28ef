# make            list the targets
# make test-unit  run the tests that need neither Python nor servers, in seconds
# make test       run everything that CI runs; needs Go and Python 3 (with venv), and installs the rest into a cache folder
.DEFAULT_GOAL := help
SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c

CACHE := $(shell scripts/cache)
export MLOPS_TEST_CACHE := $(CACHE)
export CGO_ENABLED ?= 0

GOLANGCI_LINT := $(CACHE)/tools/golangci-lint@v2.15.0
ACTIONLINT    := $(CACHE)/tools/actionlint@v1.7.12
GOVULNCHECK   := $(CACHE)/tools/govulncheck@v1.9.0
GOTESTSUM     := $(CACHE)/tools/gotestsum@v1.13.0

# What stands for AWS and its network in tests and figures.
MINIO      := $(CACHE)/tools/minio@v0.0.0-20260212201848-7aac2a2c5b7c
VERSITYGW  := $(CACHE)/tools/versitygw@v1.8.0
TOXIPROXY  := $(CACHE)/tools/toxiproxy@v2.12.0

# What stands for the runners of GitHub and GitLab.
ACT := $(CACHE)/tools/act@v0.2.89

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' Makefile

.PHONY: build
build: ## build ./mlops-track, one static binary
	go build -trimpath -ldflags '-s -w' -o mlops-track .

# The packages whose coverage is printed; each is to be at 80 % or more.
COVERED := track step mlflow/offline publish

.PHONY: test-unit
test-unit: ## run the tests that need neither Python nor servers, in seconds, and print what they cover
	mkdir -p "$(CACHE)"
	go test -short -coverprofile "$(CACHE)/unit.cover" $$(go list ./... | grep -v '/e2e')
	scripts/coverage "$(CACHE)/unit.cover" $(COVERED)

.PHONY: test
test: test-unit test-env lint vulncheck test-python test-go ## set up what is missing, check the code, run all tests

.PHONY: test-env
test-env: $(MINIO) $(VERSITYGW) $(TOXIPROXY) $(ACT) ## build the Python environments, S3 services and runners of the tests
	scripts/python-env mlflow3 mlflow2 aws3
	scripts/runners
	for tool in $(notdir $(MINIO) $(VERSITYGW) $(TOXIPROXY) $(ACT)); do ln -sfn $$tool "$(CACHE)/tools/$${tool%@*}"; done

.PHONY: test-go
test-go: test-env $(GOTESTSUM) ## run the Go tests, including the stories; skipped tests are listed with their reason
	$(GOTESTSUM) --format pkgname -- -timeout 45m ./...

.PHONY: test-python
test-python: ## check the Python project, on the oldest and the newest Python that can be had
	scripts/python-check

.PHONY: test-reliability
test-reliability: test-env ## try what may fail: kills, signals, server faults, secrets; write docs/reliability.md; at most ten minutes
	rm -f "$(CACHE)/tally.jsonl"
	MLOPS_TEST_TALLY="$(CACHE)/tally.jsonl" go test -count 1 -timeout 10m -run TestSecretsFormsOutputs ./e2e
	go test -count 1 -timeout 10m ./e2e/reliability -rounds 8 -tallied "$(CACHE)/tally.jsonl" -update

.PHONY: test-race
test-race: test-env ## run all Go tests with the race detector; needs a C compiler
	CGO_ENABLED=1 go test -race -timeout 60m ./...

.PHONY: lint
lint: lint-go lint-actions lint-shell ## vet for every supported system, and lint
	go vet ./...
	GOOS=windows go vet ./...
	GOOS=darwin go vet ./...

.PHONY: lint-go
lint-go: $(GOLANGCI_LINT) ## lint the Go code
	$(GOLANGCI_LINT) run

.PHONY: lint-actions
lint-actions: $(ACTIONLINT) ## lint the workflows
	$(ACTIONLINT)

.PHONY: lint-shell
lint-shell: ## check the shell scripts, where shellcheck is installed, as on GitHub's runners
	if command -v shellcheck >/dev/null; then shellcheck setup/install.sh $$(grep -lE '^#!.*bash' scripts/*); \
	else echo 'lint-shell: skipped: shellcheck is not installed'; fi

.PHONY: vulncheck
vulncheck: $(GOVULNCHECK) ## look for known vulnerabilities
	scripts/vulncheck $(GOVULNCHECK)

.PHONY: bench
bench: build test-env ## measure against MLflow's own client
	$(CACHE)/mlflow3/bin/python bench/bench.py ./mlops-track

.PHONY: demo
demo: build ## track a real training and show the run
	scripts/demo

.PHONY: test-frameworks
test-frameworks: build ## train with PyTorch, Lightning and Keras (7 GB of packages) and write docs/frameworks.md
	scripts/python-env lightning tensorflow
	scripts/frameworks

.PHONY: lock
lock: ## pin the Python packages of the tests again; UPGRADE=1 takes the newest
	scripts/lock

# Tools are built by version into the cache; a file with the version in its name is up to date. -p 1: MinIO needs the memory.
$(GOLANGCI_LINT): PACKAGE := github.com/golangci/golangci-lint/v2/cmd/golangci-lint
$(ACTIONLINT):    PACKAGE := github.com/rhysd/actionlint/cmd/actionlint
$(GOVULNCHECK):   PACKAGE := golang.org/x/vuln/cmd/govulncheck
$(GOTESTSUM):     PACKAGE := gotest.tools/gotestsum
$(MINIO):         PACKAGE := github.com/minio/minio
$(VERSITYGW):     PACKAGE := github.com/versity/versitygw/cmd/versitygw
$(TOXIPROXY):     PACKAGE := github.com/Shopify/toxiproxy/v2/cmd/server
$(ACT):           PACKAGE := github.com/nektos/act
$(MINIO) $(VERSITYGW) $(TOXIPROXY): FLAGS := -p 1 -trimpath -ldflags '-s -w'
$(GOLANGCI_LINT) $(ACTIONLINT) $(GOVULNCHECK) $(GOTESTSUM) $(MINIO) $(VERSITYGW) $(TOXIPROXY) $(ACT):
	GOBIN=$@.build GOFLAGS= CGO_ENABLED=0 go install $(FLAGS) $(PACKAGE)@$(lastword $(subst @, ,$@))
	mv $@.build/$(notdir $(PACKAGE)) $@
	rmdir $@.build
