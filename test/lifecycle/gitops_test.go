package lifecycle

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/hack/cluster"
)

// Nothing that the operator does may look like drift: the YAML that made the engagement changes nothing when it is applied again, in any phase.
func TestTheSameYAMLShowsNoDifferenceAtEveryPhase(t *testing.T) {
	s := newStage(t)
	kubectl := newKubectl(s, mia)
	eng := s.engagement("work")
	manifest := s.manifest(eng)
	kubectl.run(0, "apply", "--server-side", "-f", manifest)

	unchanged := func(phase v1alpha1.Phase) {
		t.Helper()
		s.inPhase("work", phase)
		// kubectl reads twice, so the operator must have nothing left to write in between.
		before := s.eventually("work", "at rest in "+string(phase), func(eng *v1alpha1.Engagement) bool {
			st := &eng.Status
			revoked := st.EndedAt == nil || conditionIs(eng, v1alpha1.ConditionAccessRevoked, metav1.ConditionTrue)
			return st.Phase == phase && st.ObservedGeneration == eng.Generation && revoked && conditionIs(eng, v1alpha1.ConditionReconciling, metav1.ConditionFalse)
		})
		if out := kubectl.run(0, "diff", "--server-side", "-f", manifest); out != "" {
			t.Errorf("expected `kubectl diff` to be empty in %s; it says\n%s", phase, out)
		}
		kubectl.run(0, "apply", "--server-side", "-f", manifest)
		if after := s.get("work"); after.Generation != before.Generation {
			t.Errorf("expected a second apply in %s to leave the spec alone; the generation went from %d to %d", phase, before.Generation, after.Generation)
		}
	}
	unchanged(v1alpha1.PhasePending)
	s.approve("work")
	unchanged(v1alpha1.PhaseRecruiting)
	s.waitsFor("work", "selection/candidate")
	s.attest(mia, "work", "selection/ada", v1alpha1.VerdictChosen)
	s.accept("work", ada)
	unchanged(v1alpha1.PhaseOnboarding)
	s.attest(ben, "work", "onboarding/nda", v1alpha1.VerdictDone)
	s.attest(ben, "work", "onboarding/contacts", v1alpha1.VerdictDone)
	s.waitsFor("work", "start/confirmed")
	s.attest(mia, "work", "start/confirmed", v1alpha1.VerdictDone)
	unchanged(v1alpha1.PhaseAssigned)
	s.attest(mia, "work", "end/engagement", v1alpha1.VerdictEndNow)
	unchanged(v1alpha1.PhaseEvaluating)
	s.evaluate(rex, "work", v1alpha1.EvaluationFinal, "5")
	unchanged(v1alpha1.PhaseOffboarding)
	s.attest(ben, "work", "offboarding/handover", v1alpha1.VerdictDone)
	unchanged(v1alpha1.PhaseClosed)
}

// manifest writes an engagement as a person would have it in Git: what they declare and nothing else.
func (s *stage) manifest(eng *v1alpha1.Engagement) string {
	s.Helper()
	raw, err := yaml.Marshal(map[string]any{
		"apiVersion": v1alpha1.GroupVersion.String(), "kind": "Engagement",
		"metadata": map[string]string{"name": eng.Name, "namespace": eng.Namespace}, "spec": eng.Spec,
	})
	if err != nil {
		s.Fatal(err)
	}
	path := filepath.Join(s.TempDir(), eng.Name+".yaml")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		s.Fatal(err)
	}
	return path
}

type kubectl struct {
	s          *stage
	kubeconfig string
}

func newKubectl(s *stage, user string) *kubectl {
	s.Helper()
	path := filepath.Join(s.TempDir(), "kubeconfig")
	if err := cluster.WriteKubeconfig(path, shared.As(user)); err != nil {
		s.Fatal(err)
	}
	return &kubectl{s: s, kubeconfig: path}
}

// run gives what kubectl printed; kubectl diff ends with 1 where there is a difference, and any other code than the one wanted fails the test.
func (k *kubectl) run(want int, args ...string) string {
	k.s.Helper()
	var out, problems bytes.Buffer
	cmd := exec.CommandContext(k.s.Context(), shared.Kubectl(), append([]string{"--kubeconfig", k.kubeconfig}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &problems
	err := cmd.Run()
	var exit *exec.ExitError
	code := 0
	if errors.As(err, &exit) {
		code = exit.ExitCode()
	} else if err != nil {
		k.s.Fatal(err)
	}
	if code != want {
		k.s.Errorf("kubectl %v ended with %d, expected %d:\n%s%s", args, code, want, out.String(), problems.String())
	}
	return out.String()
}

func conditionIs(eng *v1alpha1.Engagement, kind string, status metav1.ConditionStatus) bool {
	for _, c := range eng.Status.Conditions {
		if c.Type == kind {
			return c.Status == status
		}
	}
	return false
}
