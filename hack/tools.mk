# The tools that generate, verify and lint, each pinned to one version and built from source into bin/.
#
# The version is part of the file name: a changed pin is a missing file, so make installs exactly what changed and
# nothing else, and two branches with different pins share one checkout without reinstalling. The tools stay out of
# go.mod, whose dependencies are those of the operator.

LOCALBIN := $(CURDIR)/bin

CONTROLLER_GEN_VERSION := v0.23.0
KUSTOMIZE_VERSION      := v5.8.2
GOLANGCI_LINT_VERSION  := v2.15.0
KUBE_API_LINT_VERSION  := v0.0.0-20260716143926-092fe0c72997
CRD_REF_DOCS_VERSION   := v0.3.0

# The policy engines' own command-line tools, which test-policies runs. They take some twenty minutes to build on two cores
# that do nothing else (gator 371 s, conftest 200 s, kyverno 507 s), and thirty-three where other work shares them (gator 562 s,
# conftest 205 s, kyverno 1189 s, kubeconform 4 s). So they are not among TOOLS.
GATOR_VERSION       := v3.23.1
CONFTEST_VERSION    := v0.71.1
KYVERNO_VERSION     := v1.19.1
KUBECONFORM_VERSION := v0.8.0

CONTROLLER_GEN := $(LOCALBIN)/controller-gen-$(CONTROLLER_GEN_VERSION)
KUSTOMIZE      := $(LOCALBIN)/kustomize-$(KUSTOMIZE_VERSION)
GOLANGCI_LINT  := $(LOCALBIN)/golangci-lint-$(GOLANGCI_LINT_VERSION)
KUBE_API_LINT  := $(LOCALBIN)/golangci-lint-kube-api-linter-$(KUBE_API_LINT_VERSION)
CRD_REF_DOCS   := $(LOCALBIN)/crd-ref-docs-$(CRD_REF_DOCS_VERSION)

TOOLS := $(CONTROLLER_GEN) $(KUSTOMIZE) $(GOLANGCI_LINT) $(KUBE_API_LINT) $(CRD_REF_DOCS)

GATOR       := $(LOCALBIN)/gator-$(GATOR_VERSION)
CONFTEST    := $(LOCALBIN)/conftest-$(CONFTEST_VERSION)
KYVERNO     := $(LOCALBIN)/kubectl-kyverno-$(KYVERNO_VERSION)
KUBECONFORM := $(LOCALBIN)/kubeconform-$(KUBECONFORM_VERSION)

POLICY_TOOLS := $(GATOR) $(CONFTEST) $(KYVERNO) $(KUBECONFORM)

# install-tool,<package>,<version>: go install cannot name its output, so it builds into a folder of its own and the
# binary is moved into place whole. An interrupted install leaves no half-written tool behind. Without cgo a C
# compiler is not needed.
define install-tool
@mkdir -p $(LOCALBIN)
@echo "installing $(1)@$(2)"
@dir=$$(mktemp -d $(LOCALBIN)/.install.XXXXXX) && trap 'rm -rf "$$dir"' EXIT && \
	GOBIN=$$dir CGO_ENABLED=0 GOFLAGS=-buildvcs=false $(GO) install $(1)@$(2) && mv $$dir/* $@
endef

$(CONTROLLER_GEN):
	$(call install-tool,sigs.k8s.io/controller-tools/cmd/controller-gen,$(CONTROLLER_GEN_VERSION))

$(KUSTOMIZE):
	$(call install-tool,sigs.k8s.io/kustomize/kustomize/v5,$(KUSTOMIZE_VERSION))

$(GOLANGCI_LINT):
	$(call install-tool,github.com/golangci/golangci-lint/v2/cmd/golangci-lint,$(GOLANGCI_LINT_VERSION))

$(KUBE_API_LINT):
	$(call install-tool,sigs.k8s.io/kube-api-linter/cmd/golangci-lint-kube-api-linter,$(KUBE_API_LINT_VERSION))

$(CRD_REF_DOCS):
	$(call install-tool,github.com/elastic/crd-ref-docs,$(CRD_REF_DOCS_VERSION))

$(GATOR):
	$(call install-tool,github.com/open-policy-agent/gatekeeper/v3/cmd/gator,$(GATOR_VERSION))

$(CONFTEST):
	$(call install-tool,github.com/open-policy-agent/conftest,$(CONFTEST_VERSION))

$(KUBECONFORM):
	$(call install-tool,github.com/yannh/kubeconform/cmd/kubeconform,$(KUBECONFORM_VERSION))

# Kyverno replaces one of its dependencies, which go install refuses. So it is built where Go has unpacked it, as its own
# go.mod and go.sum say, and without debugging information, which would be a third of its size.
$(KYVERNO):
	@mkdir -p $(LOCALBIN)
	@echo "installing github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno@$(KYVERNO_VERSION)"
	@dir=$$(mktemp -d $(LOCALBIN)/.install.XXXXXX) && trap 'rm -rf "$$dir"' EXIT && \
		source=$$(cd "$$dir" && GOFLAGS= GOWORK=off $(GO) mod download -json github.com/kyverno/kyverno@$(KYVERNO_VERSION) | sed -n 's/^.*"Dir": "\(.*\)".*$$/\1/p') && \
		GOWORK=off CGO_ENABLED=0 GOFLAGS=-buildvcs=false $(GO) build -C "$$source" -trimpath -ldflags='-s -w' -o "$$dir/kyverno" ./cmd/cli/kubectl-kyverno && \
		mv "$$dir/kyverno" $@
