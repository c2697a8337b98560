# Everything a contributor, a continuous-integration run or an administrator does with Longshore. Needs Go, make and
# git; the tools it generates and lints with are built from source into bin/ on first use (hack/tools.mk).

SHELL := /usr/bin/env bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

GO      ?= go
KUBECTL ?= kubectl
DOCKER  ?= docker

# The image that docker-build makes and deploy runs instead of the one that config/manager names.
IMAGE := ghcr.io/longshore-dev/longshore
IMG   ?= $(IMAGE):dev

# How long one test package may take before it is stopped with a stack of every goroutine.
TEST_TIMEOUT ?= 15m

include hack/tools.mk

# Exports KUBEBUILDER_ASSETS, the folder that envtest takes etcd, kube-apiserver, kube-controller-manager and kubectl
# from. One that is already set and holds all four is used as it is.
with-control-plane = assets=$$(hack/controlplane/build.sh) && export KUBEBUILDER_ASSETS="$$assets"

# The control plane is a module of its own. These are the settings that its build uses, so that the linters find its
# dependencies compiled.
in-control-plane = cd hack/controlplane && GOWORK=off CGO_ENABLED=0 GOFLAGS='-trimpath -buildvcs=false -gcflags=all=-dwarf=false'

##@ General

.PHONY: help
help: ## Show this help.
	@awk 'BEGIN {FS = ":.*##"; printf "Usage:\n  make \033[36m<target>\033[0m\n"} \
		/^[a-zA-Z0-9_-]+:.*##/ {printf "  \033[36m%-28s\033[0m %s\n", $$1, $$2} \
		/^##@/ {printf "\n\033[1m%s\033[0m\n", substr($$0, 5)}' $(firstword $(MAKEFILE_LIST))

##@ Try it

.PHONY: demo
demo: ## Play the sample cases from Pending to Closed on a local control plane, with a live board: CASE=1, 2, 3 or all (default 1,2).
	@$(with-control-plane) && $(GO) run ./hack/demo $(if $(CASE),-case=$(CASE))

.PHONY: run
run: ## Start the local control plane and the operator and stay up for your own kubectl.
	@$(with-control-plane) && $(GO) run ./hack/demo --stay

.PHONY: control-plane
control-plane: ## Build etcd, kube-apiserver, kube-controller-manager and kubectl from source, once, into .cache/.
	@$(with-control-plane) && echo "$$KUBEBUILDER_ASSETS"

.PHONY: explain-score
explain-score: ## Recompute a worker's score and print its derivation: WORKER=<namespace>/<name> POOL=<pool>.
	@[[ "$(WORKER)" == ?*/?* && -n "$(POOL)" ]] || { echo "say whose score: make explain-score WORKER=<namespace>/<name> POOL=<pool>" >&2; exit 1; }
	@$(GO) run ./hack/explainscore -namespace "$(firstword $(subst /, ,$(WORKER)))" -worker "$(lastword $(subst /, ,$(WORKER)))" -pool "$(POOL)"

# The words reach the command by the environment, so that a reason may hold what a shell would read.
.PHONY: erase-person
erase-person: ## Show the sealed files that have a person in clear: PERSON=<personKey> REASON=<why>; ask to erase them: APPLY=1; against retention: DECISION=Erase or Keep; as somebody else: ACT_AS=<user>.
	@[[ -n "$${PERSON:-}" && -n "$${REASON:-}" ]] || { echo "say whom and why: make erase-person PERSON=<personKey> REASON='request 17'" >&2; exit 1; }
	@$(GO) run ./hack/erase -person "$$PERSON" -reason "$$REASON" -decision "$${DECISION:-}" -as "$${ACT_AS:-}" $(if $(filter 1,$(APPLY)),-apply)

##@ Develop

.PHONY: build
build: ## Build the operator into bin/manager.
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/manager .

.PHONY: test
test: test-providers ## Run every test, against a real API server where one is needed.
	@$(with-control-plane) && $(GO) test -timeout $(TEST_TIMEOUT) $$($(GO) list ./... | grep -v '/test/providers$$')

# What the last package reports is shown also when its result is cached.
.PHONY: test-providers
test-providers: ## Test every provider against real target systems that fail in every way, and show the fault matrix.
	@hack/targets/install.sh
	@$(with-control-plane) && $(GO) test -timeout $(TEST_TIMEOUT) ./controllers/access/provider/... ./hack/targets/... ./test/faults && \
		mkdir -p .cache && log=.cache/test-providers.log && \
		{ $(GO) test -v -timeout $(TEST_TIMEOUT) ./test/providers >$$log || { grep -vE '^ *(=== |--- PASS)' $$log; exit 1; }; } && \
		sed -n 's/^report: //p' $$log

# A short form of it is part of test: there it is only shown, not held against the limit.
.PHONY: test-perf
test-perf: ## Measure a burst of 3,000 assignments over 300 people beside a plain client that writes the same, and hold it to 1.2 times that.
	@mkdir -p .cache && log=$(CURDIR)/.cache/test-perf.log && $(with-control-plane) && \
		{ $(GO) test -count=1 -v -timeout $(TEST_TIMEOUT) ./test/perf -people=300 -assignments=3000 -pairs=3 -timed >$$log || { cat $$log; exit 1; }; } && \
		sed -n 's/^report: //p' $$log

# make test tries the same guard rails on the API server and by the engines' libraries; this tries the engines' own tools.
.PHONY: test-policies
test-policies: $(POLICY_TOOLS) $(KUSTOMIZE) ## Run the policy engines' own command-line tools over the guard rails, and show where they agree.
	@$(GO) run ./hack/policies/agreement -gator=$(GATOR) -conftest=$(CONFTEST) -kyverno=$(KYVERNO) -kubeconform=$(KUBECONFORM) -kustomize=$(KUSTOMIZE)

.PHONY: test-unit
test-unit: ## Run the tests that need no API server: the API types and the domain.
	$(GO) test ./api/... ./controllers/domain/...

.PHONY: bench-matching
bench-matching: ## Measure the matching engine on one core: time and peak memory of large instances, with their certificates.
	@$(GO) run ./hack/bench/matching

# A short form of it is part of test.
.PHONY: bench-compliance
bench-compliance: ## Measure what an edit of a policy sets off among 10,000 engagements under 50 policies, and fail if it wakes others than it selects.
	@$(GO) run ./hack/bench/compliance

.PHONY: fmt
fmt: $(GOLANGCI_LINT) ## Format the Go code and group its imports.
	$(GOLANGCI_LINT) fmt

.PHONY: vet
vet: ## Run go vet.
	$(GO) vet ./...

.PHONY: lint
lint: $(GOLANGCI_LINT) ## Lint the Go code, the import arrows among it.
	$(GOLANGCI_LINT) run
	$(in-control-plane) $(GOLANGCI_LINT) run

.PHONY: lint-fix
lint-fix: $(GOLANGCI_LINT) ## Lint the Go code and apply the fixes that are certain.
	$(GOLANGCI_LINT) run --fix

.PHONY: lint-api
lint-api: $(KUBE_API_LINT) ## Lint the API types by the Kubernetes API conventions.
	$(KUBE_API_LINT) run --config .golangci-kal.yml ./api/...

.PHONY: tidy
tidy: ## Tidy go.mod and go.sum, the control plane's too.
	$(GO) mod tidy
	$(in-control-plane) $(GO) mod tidy

.PHONY: tools
tools: $(TOOLS) ## Build every pinned tool into bin/.

.PHONY: clean
clean: ## Remove the tools, the binaries and the scratch folders; the local control plane stays.
	rm -rf bin .cache/verify .cache/deploy

##@ Generate

GENERATED := deepcopy crds applyconfiguration rbac admission policies api-docs metrics-docs compliance-docs attack-docs

.PHONY: generate
generate: $(GENERATED:%=generate-%) ## Generate everything below.

.PHONY: generate-deepcopy
generate-deepcopy: $(CONTROLLER_GEN) ## Generate the deep copies of the API types.
	$(CONTROLLER_GEN) object paths=./api/v1alpha1

.PHONY: generate-crds
generate-crds: $(CONTROLLER_GEN) ## Generate the CustomResourceDefinitions into config/crd/bases.
	$(CONTROLLER_GEN) crd paths=./api/v1alpha1 output:crd:dir=config/crd/bases

.PHONY: generate-applyconfiguration
generate-applyconfiguration: $(CONTROLLER_GEN) ## Generate the apply configurations into api/applyconfiguration.
	$(CONTROLLER_GEN) applyconfiguration paths=./api/v1alpha1

.PHONY: generate-rbac
generate-rbac: $(CONTROLLER_GEN) ## Generate the operator's role from the markers beside what needs each permission.
	$(CONTROLLER_GEN) rbac:roleName=longshore-controller-manager paths=./controllers/... output:rbac:dir=config/rbac

.PHONY: generate-admission
generate-admission: ## Generate the admission policies into config/admission, and their fingerprints for the operator.
	$(GO) run ./hack/admission

.PHONY: generate-policies
generate-policies: ## Generate the guard rails for policy engines into config/policies.
	$(GO) run ./hack/policies

.PHONY: generate-api-docs
generate-api-docs: $(CRD_REF_DOCS) ## Generate the API reference, docs/reference/api.md.
	@mkdir -p docs/reference
	$(CRD_REF_DOCS) --source-path=api/v1alpha1 --config=hack/api-docs/config.yaml \
		--templates-dir=hack/api-docs/templates --renderer=markdown --log-level=ERROR --output-path=docs/reference/api.md

.PHONY: generate-metrics-docs
generate-metrics-docs: ## Generate the tables of metrics, events and conditions, docs/reference/{metrics,conditions}.md.
	$(GO) run ./hack/metricsdocs

.PHONY: generate-compliance-docs
generate-compliance-docs: ## Generate the table of the compliance catalogue from its tests, docs/reference/compliance-catalogue.md.
	$(GO) test -count=1 -run '^TestTheTableOfTheCatalogueIsFresh$$' ./test/compliance -write

.PHONY: generate-attack-docs
generate-attack-docs: ## Generate the table of what is tried against Longshore from its tests, docs/reference/attacks.md.
	$(GO) test -count=1 -run '^TestTheTableOfAttacksIsFresh$$' ./test/attacks -write

##@ Verify

VERIFIED := $(GENERATED:%=verify-%) verify-config verify-modules verify-fmt verify-vet verify-lint verify-lint-api

# Every check runs even after one has failed, so that one run shows all there is to mend.
.PHONY: verify
verify: ## Check everything below.
	@$(MAKE) --no-print-directory --keep-going $(VERIFIED)

.PHONY: verify-deepcopy
verify-deepcopy: $(CONTROLLER_GEN) ## Check that the deep copies are fresh.
	@hack/verify-generated.sh generate-deepcopy api/v1alpha1/zz_generated.deepcopy.go

.PHONY: verify-crds
verify-crds: $(CONTROLLER_GEN) ## Check that the CustomResourceDefinitions are fresh.
	@hack/verify-generated.sh generate-crds config/crd/bases

.PHONY: verify-applyconfiguration
verify-applyconfiguration: $(CONTROLLER_GEN) ## Check that the apply configurations are fresh.
	@hack/verify-generated.sh generate-applyconfiguration api/applyconfiguration

.PHONY: verify-rbac
verify-rbac: $(CONTROLLER_GEN) ## Check that the operator's role is fresh.
	@hack/verify-generated.sh generate-rbac config/rbac/role.yaml

.PHONY: verify-admission
verify-admission: ## Check that the admission policies are fresh.
	@hack/verify-generated.sh generate-admission config/admission +controllers/domain/admission/shipped.go

.PHONY: verify-policies
verify-policies: ## Check that the guard rails for policy engines are fresh.
	@hack/verify-generated.sh generate-policies config/policies/{conftest/data,gatekeeper,kyverno,parameters,vap}

.PHONY: verify-api-docs
verify-api-docs: $(CRD_REF_DOCS) ## Check that the API reference is fresh.
	@hack/verify-generated.sh generate-api-docs docs/reference/api.md

.PHONY: verify-metrics-docs
verify-metrics-docs: ## Check that the tables of metrics, events and conditions are fresh.
	@hack/verify-generated.sh generate-metrics-docs docs/reference/metrics.md docs/reference/conditions.md

.PHONY: verify-compliance-docs
verify-compliance-docs: ## Check that the table of the compliance catalogue is fresh.
	@hack/verify-generated.sh generate-compliance-docs docs/reference/compliance-catalogue.md

.PHONY: verify-attack-docs
verify-attack-docs: ## Check that the table of what is tried against Longshore is fresh.
	@hack/verify-generated.sh generate-attack-docs docs/reference/attacks.md

.PHONY: verify-config
verify-config: $(KUSTOMIZE) ## Check that every kustomization under config/ builds.
	@KUSTOMIZE=$(KUSTOMIZE) hack/verify-config.sh

.PHONY: verify-modules
verify-modules: ## Check that go.mod and go.sum are tidy.
	@{ $(GO) mod tidy -diff && $(in-control-plane) $(GO) mod tidy -diff; } || { echo "go.mod or go.sum is not tidy: run make tidy" >&2; exit 1; }

.PHONY: verify-fmt
verify-fmt: $(GOLANGCI_LINT) ## Check that the Go code is formatted.
	@out=$$($(GOLANGCI_LINT) fmt --diff) && [[ -z "$$out" ]] || { echo "$$out"; echo "not formatted: run make fmt" >&2; exit 1; }

.PHONY: verify-vet
verify-vet: ## Check that go vet finds nothing.
	@$(GO) vet ./... || { echo "go vet found faults: mend them and run make vet" >&2; exit 1; }

.PHONY: verify-lint
verify-lint: $(GOLANGCI_LINT) ## Check that the linters find nothing.
	@{ $(GOLANGCI_LINT) run && $(in-control-plane) $(GOLANGCI_LINT) run; } || \
		{ echo "the linters found faults: mend them (make lint-fix mends some) and run make lint" >&2; exit 1; }

.PHONY: verify-lint-api
verify-lint-api: $(KUBE_API_LINT) ## Check that the API types keep the Kubernetes API conventions.
	@$(KUBE_API_LINT) run --config .golangci-kal.yml ./api/... || \
		{ echo "the API types break conventions: mend them and run make lint-api" >&2; exit 1; }

##@ Install on a cluster

.PHONY: docker-build
docker-build: ## Build the image IMG.
	DOCKER_BUILDKIT=1 $(DOCKER) build --tag $(IMG) .

.PHONY: docker-push
docker-push: ## Push the image IMG.
	$(DOCKER) push $(IMG)

.PHONY: install
install: ## Install the CustomResourceDefinitions alone, for an operator that runs outside the cluster.
	$(KUBECTL) apply --server-side -k config/crd

.PHONY: uninstall
uninstall: ## Drain as undeploy does, then remove the CustomResourceDefinitions alone.
	@KUBECTL=$(KUBECTL) hack/undeploy.sh config/crd

.PHONY: deploy
deploy: $(KUSTOMIZE) ## Install everything, with the image IMG.
	@rm -rf .cache/deploy && mkdir -p .cache/deploy
	@cd .cache/deploy && $(KUSTOMIZE) create --resources ../../config/default && \
		$(KUSTOMIZE) edit set image $(IMAGE)=$(IMG)
	$(KUBECTL) apply --server-side -k .cache/deploy

.PHONY: undeploy
undeploy: ## End every engagement, wait until all access is proven revoked, save the Dossiers, then remove everything.
	@KUBECTL=$(KUBECTL) hack/undeploy.sh config/default
