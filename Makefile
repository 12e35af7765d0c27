# make help lists what there is.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

FUZZTIME ?= 30s
ORGANIZATIONS ?= 1000000
ARGS ?=
# What the program says of itself: a tag, the commit and its date, which is the same for everybody who builds that. Where there is no
# repository, whoever builds may say it: make build COMMIT=… DATE=….
VERSION ?= $(shell git describe --tags --exact-match 2>/dev/null)
COMMIT ?= $(shell git rev-parse HEAD 2>/dev/null)
DATE ?= $(shell TZ=UTC git log -1 --date=format-local:%Y-%m-%dT%H:%M:%SZ --format=%cd 2>/dev/null)
IDENTITY = -X main.release=$(VERSION) -X main.commit=$(COMMIT) -X main.committed=$(DATE)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: ## start the service on SQLite; ARGS="--listen 127.0.0.1:9000" adds flags
	go run ./cmd/roster serve $(ARGS)

.PHONY: build
build: ## build ./roster: one static program, no C compiler needed
	CGO_ENABLED=0 go build -trimpath -ldflags "-s -w $(IDENTITY)" -o roster ./cmd/roster

.PHONY: image
image: ## build the container image roster, which has no repository to ask which build it is
	docker build --build-arg VERSION="$(VERSION)" --build-arg COMMIT="$(COMMIT)" --build-arg DATE="$(DATE)" -t roster .

.PHONY: test
test: ## run every test on SQLite and PostgreSQL; installs a PostgreSQL server where it can
	@.ci/postgres
	@.ci/each sh -c 'packages=$$("$(CURDIR)/.ci/packages") && go test -timeout 30m -json $$packages' | go run .ci/summary.go

.PHONY: check
check: ## everything short of the full .ci/run: format, vet, lint, test
	@.ci/format
	@.ci/each go vet ./...
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory test

.PHONY: lint
lint: ## run the linter that .ci/lint pins; the first run builds it, which takes minutes
	@mkdir -p dist
	@go build -C .ci/lint -o "$(CURDIR)/dist/golangci-lint" github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@.ci/each "$(CURDIR)/dist/golangci-lint" run --allow-parallel-runners ./...
	@cd .ci/deploy && "$(CURDIR)/dist/golangci-lint" run --allow-parallel-runners ./...

.PHONY: deploy
deploy: ## check what is in deploy/ with the libraries of Helm, Kubernetes and Compose; the first run builds them, which takes a minute
	@cd .ci/deploy && go mod tidy -diff && go vet . && go test .

.PHONY: console
console: ## build the console that the program embeds, from the sources in console/; needs Node.js
	@cd console && npm ci --no-fund --no-audit && npm run build

.PHONY: lint-openapi
lint-openapi: ## check the OpenAPI document with Redocly's linter; needs Node.js
	@mkdir -p dist
	go run ./cmd/roster openapi > dist/openapi.json
	npx --yes @redocly/cli@2.77.0 lint dist/openapi.json --config .redocly.yaml

.PHONY: clients
clients: build ## make clients of the OpenAPI document in Go and TypeScript, and call a server with them; needs Node.js
	@.ci/clients/run

.PHONY: fmt
fmt: ## format the code
	@.ci/format --write

.PHONY: golden
golden: ## rewrite the golden files; read the diff before you commit it
	@ROSTER_GOLDEN=update CONFORMANCE_GOLDEN=update .ci/each go test ./...
	@ROSTER_GOLDEN=update go test -C .ci/deploy .
	@git --no-pager diff --stat

.PHONY: cover
cover: ## test coverage of the whole module, function by function, in dist/cover.html
	@.ci/postgres
	@mkdir -p dist
	go test -coverpkg=./... -coverprofile=dist/cover.out ./...
	go tool cover -html=dist/cover.out -o dist/cover.html
	@go tool cover -func=dist/cover.out | tail -n 1

.PHONY: bench
bench: ## measure the service at 1,000 and 1,000,000 organizations next to bare handlers; ORGANIZATIONS=50000 is quicker
	@.ci/postgres
	ROSTER_BENCH_ORGANIZATIONS=$(ORGANIZATIONS) go test -run '^$$' -bench 'BenchmarkService|BenchmarkSubtree|BenchmarkDialects|BenchmarkFinding' -benchtime 1x -timeout 120m ./cmd/roster

.PHONY: bench-peers
bench-peers: ## measure the list next to those of PocketBase and Fortune; needs Node.js
	@.ci/postgres
	@.ci/peers/run

.PHONY: bench-webhooks
bench-webhooks: ## measure webhooks on both databases; ARGS="-events 5000 -seconds 3" makes it shorter
	@.ci/postgres
	go test ./webhooks/bench -run '^$$' -bench Memory -benchtime 1x $(ARGS)
	go test ./webhooks/bench -run '^$$' -bench 'Senders|Hanging|Crowd|Backlog|Burst' -benchtime 1x -timeout 30m $(ARGS)

.PHONY: chaos
chaos: ## kill the server and PostgreSQL under load; ARGS="-kills 5 -restarts 2" makes it shorter
	@.ci/postgres
	go test -tags chaos ./cmd/roster -run Chaos -v -timeout 60m $(ARGS)

.PHONY: soak
soak: ## keep a server under load for an hour on each database; ARGS="-soak 5m -rate 100" makes it shorter and lighter
	@.ci/postgres
	go test -tags chaos ./cmd/roster -run Soak -v -timeout 0 $(ARGS)

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (30s)
	@.ci/fuzz $(FUZZTIME)
