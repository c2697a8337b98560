package admission

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/hack/cluster"
)

// kubectl runs kubectl as somebody on a manifest, and returns what it says and its exit code.
func kubectl(t *testing.T, user, manifest string, args ...string) (string, int) {
	t.Helper()
	dir := t.TempDir()
	kubeconfig, file := filepath.Join(dir, "kubeconfig"), filepath.Join(dir, "manifest.yaml")
	must(t, cluster.WriteKubeconfig(kubeconfig, plane.As(user, groupsOf(user)...)))
	must(t, os.WriteFile(file, []byte(manifest), 0o600))
	command := exec.CommandContext(t.Context(), plane.Kubectl(), append([]string{"--kubeconfig=" + kubeconfig, "--filename=" + file}, args...)...)
	var out bytes.Buffer
	command.Stdout, command.Stderr = &out, &out
	err := command.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return out.String(), exit.ExitCode()
	}
	must(t, err)
	return out.String(), 0
}

const declared = `
apiVersion: gig.longshore.dev/v1alpha1
kind: Engagement
metadata: {name: NAME, namespace: marketing}
spec:
  title: Graphic designer
  poolRef: {name: designers, namespace: talent}
  workerRef: {name: ada}
  statementOfWork:
    start: "2030-01-01T08:00:00Z"
    end: "2030-03-01T08:00:00+02:00"
    budget: {currency: USD, amount: "5000"}
  classification: {workerType: IndependentContractor, jurisdiction: DE}
  access: [{name: design-tools}, {name: tracker}]
  offboarding: {accessGrace: 90m}
`

func TestApplyingTheSameAgainShowsNoDifference(t *testing.T) {
	for name, flags := range map[string][]string{
		"applied-by-the-server": {"--server-side", "--field-manager=argocd-controller"},
		"applied-by-the-client": {"--server-side=false"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			manifest := string(bytes.ReplaceAll([]byte(declared), []byte("NAME"), []byte(name)))
			e := &v1alpha1.Engagement{}
			e.Namespace, e.Name = team, name
			sync := func() {
				t.Helper()
				out, code := kubectl(t, gitops, manifest, append([]string{"apply"}, flags...)...)
				g.Expect(code).To(BeZero(), out)
				g.Expect(admin.Get(t.Context(), client.ObjectKeyFromObject(e), e)).To(Succeed())
			}
			unchanged := func(what string) {
				t.Helper()
				before := e.ResourceVersion
				out, code := kubectl(t, gitops, manifest, append([]string{"diff"}, flags...)...)
				g.Expect(code).To(BeZero(), "%s: there should be no difference: %s", what, out)
				sync()
				g.Expect(e.ResourceVersion).To(Equal(before), "%s: applying again should write nothing", what)
			}

			sync()
			g.Expect(e.Spec.Requester).To(Equal(author(gitops)))
			sync() // The second write stores the status that the schema defaults.
			unchanged("fresh")

			// A patch, since a PUT of the Go type would write durations and times in another form than people do.
			must(t, as(t, operator).Patch(t.Context(), e, client.RawPatch(types.MergePatchType, []byte(`{"metadata":{"finalizers":["`+v1alpha1.EngagementFinalizer+`"]}}`))))
			recorded(t, e, func(s *v1alpha1.EngagementStatus) { s.Terms = accepted(e); holdingAccess(v1alpha1.GrantVerified)(s) })
			unchanged("with an accepted worker")

			must(t, as(t, mia).Patch(t.Context(), e, client.RawPatch(types.MergePatchType, []byte(`{"spec":{"evaluation":{"scorecardRef":{"name":"creative"}}}}`))))
			unchanged("with a field of another's")
		})
	}
}

func TestTwoManagersWidenOneEngagementAndTheLastAnswers(t *testing.T) {
	g := NewWithT(t)
	const name = "by-two-managers"
	manifest := string(bytes.ReplaceAll([]byte(declared), []byte("NAME"), []byte(name)))
	e := &v1alpha1.Engagement{}
	e.Namespace, e.Name = team, name
	out, code := kubectl(t, gitops, manifest, "apply", "--server-side", "--field-manager=argocd-controller")
	g.Expect(code).To(BeZero(), out)

	more := "{apiVersion: gig.longshore.dev/v1alpha1, kind: Engagement, metadata: {name: " + name + ", namespace: marketing}, spec: {access: [{name: production}]}}"
	out, code = kubectl(t, mia, more, "apply", "--server-side", "--field-manager=mia")
	g.Expect(code).NotTo(BeZero(), "mia may not hand out production")
	g.Expect(out).To(ContainSubstring("grant: this request adds access, which needs the verb grant on accessprofiles/production"))

	out, code = kubectl(t, gus, more, "apply", "--server-side", "--field-manager=gus")
	g.Expect(code).To(BeZero(), out)
	must(t, admin.Get(t.Context(), client.ObjectKeyFromObject(e), e))
	g.Expect(e.Spec.Requester).To(Equal(author(gus)), "who widened last should answer")

	out, code = kubectl(t, gitops, manifest, "diff", "--server-side", "--field-manager=argocd-controller")
	g.Expect(code).To(BeZero(), "what the first manager declares should be in place: %s", out)
}

func TestAStatementAppliedAgainShowsNoDifference(t *testing.T) {
	g := NewWithT(t)
	const manifest = `
apiVersion: gig.longshore.dev/v1alpha1
kind: Attestation
metadata: {name: signed, namespace: marketing}
spec: {subjectRef: {kind: Engagement, name: spring}, claim: onboarding/nda, verdict: Done}
---
apiVersion: gig.longshore.dev/v1alpha1
kind: AccessProvider
metadata: {name: switched-off}
spec: {type: Kubernetes, decommissioned: {reason: switched off}}
`
	for range 2 {
		out, code := kubectl(t, root, manifest, "apply", "--server-side")
		g.Expect(code).To(BeZero(), out)
		out, code = kubectl(t, root, manifest, "diff", "--server-side")
		g.Expect(code).To(BeZero(), out)
	}
}
