# Targets: build sbom test test-all test-race lint vuln fuzz soak bench check-corpus text-eval hapi generate docker
SHELL := /bin/bash
GO ?= go
# With cgo the C sources of PostgreSQL's parser would be compiled too, which
# nothing uses.
export CGO_ENABLED := 0
# Test binaries without tables for debuggers link in half the time.
LINK := -ldflags '-s -w'
FUZZTIME ?= 10s
PATIENTS ?= 100
SOAK ?= 300000
HAPI_PORT ?= 8092

.PHONY: build sbom test test-all test-race lint vuln fuzz soak bench check-corpus text-eval hapi generate docker

build: ## dist/veil, static
	$(GO) build -trimpath $(LINK) -o dist/veil ./cmd/veil

sbom: build ## dist/sbom.json: the modules of the binary, in CycloneDX
	$(GO) run github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0 bin -json -output dist/sbom.json dist/veil

# The longest package begins first: alone at the end it would leave a processor idle.
LONGEST := ./proxy/pgproxy/sqltest

test: ## all tests except those with real servers and clients, verbose enough to count them; a package's log is shown if one of its tests fails
	$(GO) test $(LINK) -vet=off -count=1 -v -timeout 40m -skip '^TestReal' $(LONGEST) ./... 2>&1 | awk '/^=== / { next } \
	  /^ +[a-z0-9_]+\.go:[0-9]+: |^        / { said = said $$0 "\n"; next } /--- FAIL/ { printf "%s", said; said = "" } \
	  /^(ok|FAIL|\?)[ \t]/ { said = "" } { print }' ; exit $${PIPESTATUS[0]}

# Tests with real servers wait for them much of the time, so two packages run at once.
test-all: ## the same, then the tests with a real HAPI FHIR server and real clients, and with 100,000 values planted in notes; needs Java, Maven, Node and Python
	@status=0; $(MAKE) --no-print-directory test || status=1; \
	VEIL_TEST_ALL=1 $(GO) test $(LINK) -vet=off -p 2 -count=1 -v -timeout 30m -run '^TestReal' $(LONGEST) $$(grep -rl --include='*_test.go' '^func TestReal' . | xargs -n 1 dirname | sort -u) 2>&1 \
	  | grep -vE '^(=== |testing: warning: no tests to run|ok .*\[no tests to run\]|PASS$$)'; \
	[ $${PIPESTATUS[0]} -eq 0 ] || status=1; \
	VEIL_PLANTED=100000 $(GO) test $(LINK) -vet=off -count=1 -timeout 10m -run '^TestNothingPlantedIsLeft$$' ./cmd/veil ./proxy/pgproxy/sqltest || status=1; \
	exit $$status

test-race: ## all tests except those with real servers and clients, under the race detector, one package at a time
	CGO_ENABLED=1 $(GO) test -race -count=1 -p 1 -timeout 60m -skip '^TestReal' ./...

lint: ## golangci-lint with .golangci.yml, including vet and staticcheck for Go, and vet for assembly
	$(GO) vet $$(find . -name '*.s' | xargs -n 1 dirname | sort -u)
	$(GO) run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0 run ./...

vuln: ## known vulnerabilities; needs the vulnerability database
	$(GO) run golang.org/x/vuln/cmd/govulncheck@latest ./...

fuzz: ## every fuzz target for FUZZTIME
	@for pkg in $$($(GO) list ./...); do \
	  for f in $$($(GO) test -list '^Fuzz' $$pkg | grep '^Fuzz'); do \
	    echo "$$pkg $$f"; $(GO) test -run '^$$' -fuzz "^$$f$$" -fuzztime $(FUZZTIME) $$pkg || exit 1; \
	  done; \
	done

soak: ## SOAK random resources under each shipped ruleset
	VEIL_SOAK=$(SOAK) $(GO) test -count=1 -timeout 0 -run '^TestRandomResources$$' -v ./fhir

bench: ## side by side in one run, with ratios: masking, encoding/json, samply models; files; the listener, its twin, nginx. CORPUS=DIR uses your own Bundles
	CORPUS="$(CORPUS)" $(GO) test -run '^$$' -bench 'Mask|JSON|Samply' -benchtime 2s -cpu 1 ./fhir | awk '{ print } \
	  /MB\/s/ { name[++n] = $$1; speed[n] = $$5 } /JSON\/Valid/ { valid = $$5 } /Samply/ { samply = $$5 } \
	  END { for (i = 1; i <= n; i++) printf "%-34s %6.2f x json.Valid %7.1f x samply\n", name[i], speed[i] / valid, speed[i] / samply }'
	$(MAKE) --no-print-directory build
	.ci/bench-files dist/veil
	$(GO) test -run '^$$' -bench '^BenchmarkSums$$' ./internal/hmaclanes
	$(GO) test -run '^$$' -bench '^BenchmarkRows$$' -cpu 1 ./table/arrow
	$(GO) test -run '^$$' -bench '^BenchmarkCSV$$' -benchtime 1x -cpu 1 ./table/csv
	$(GO) test -run '^$$' -bench '^BenchmarkDocument$$' -benchtime 2s -cpu 1 ./document/json ./document/xml
	$(GO) test -run '^$$' -bench '^BenchmarkDump$$' -benchtime 3x -cpu 1 ./table/pgdump
	$(GO) test -run '^$$' -bench '^BenchmarkListener$$' -benchtime 2s ./proxy/fhirproxy
	.ci/bench-proxy
	$(GO) test -run '^$$' -bench '^BenchmarkParquet$$' -cpu 1 ./table/parquet
	$(GO) test -run '^$$' -bench 'Rows|Pgbench' -benchtime 1x ./proxy/pgproxy/sqltest

check-corpus: ## mask every FHIR file under CORPUS=DIR and search the output for what must not pass
	@test -n "$(CORPUS)" || { echo 'make check-corpus CORPUS=DIR: name a folder of FHIR JSON, NDJSON or XML files'; exit 2; }
	CORPUS="$(CORPUS)" $(GO) test -count=1 -run '^TestCorpus$$' -v ./fhir

text-eval: ## score free text against the marked sets in SETS=DIR, and Presidio too unless PRESIDIO=0; prints the tables of docs/text.md
	@test -n "$(SETS)" || { echo 'make text-eval SETS=DIR: name a folder of JSON Lines with marked texts'; exit 2; }
	@SETS="$(abspath $(SETS))" PRESIDIO="$(PRESIDIO)" $(GO) test -count=1 -timeout 0 -run '^TestTextEval$$' ./internal/textcmd -v | grep '^|'

hapi: ## a real HAPI FHIR server with the demo's patients on HAPI_PORT, until Ctrl-C; needs Java 17 and Maven
	cd internal/hapitest && HAPI_PORT=$(HAPI_PORT) HAPI_PATIENTS=$(PATIENTS) $(GO) test -count=1 -timeout 0

generate: ## schema, search parameter and terminology tables, from npm packages
	$(GO) generate ./fhir

docker:
	docker build -t veil .
