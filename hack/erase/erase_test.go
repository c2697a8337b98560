package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/dossier"
	operator "github.com/longshore-dev/longshore/controllers/dossier"
	"github.com/longshore-dev/longshore/hack/cluster"
	"github.com/longshore-dev/longshore/hack/cluster/clustertest"
	"github.com/longshore-dev/longshore/test/suite"
)

var shared *cluster.Cluster

func TestMain(m *testing.M) {
	os.Exit(clustertest.Main(m, cluster.Options{}, func(ctx context.Context, c *cluster.Cluster) error {
		shared = c
		return c.InstallCRDs(ctx, "../../config/crd/bases")
	}))
}

// office is a cluster with sealed files in it, and somebody who erases.
type office struct {
	*testing.T
	api        client.Client
	scheme     *runtime.Scheme
	kubeconfig string
	head       dossier.Head
}

func open(t *testing.T) *office {
	t.Helper()
	o := &office{T: t, scheme: runtime.NewScheme(), kubeconfig: filepath.Join(t.TempDir(), "kubeconfig")}
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		o.must(add(o.scheme))
	}
	var err error
	o.api, err = client.New(shared.RESTConfig(), client.Options{Scheme: o.scheme})
	o.must(err)
	o.must(shared.Kubeconfig(o.kubeconfig))
	t.Cleanup(func() { o.must(o.api.DeleteAllOf(context.Background(), &v1alpha1.Dossier{})) })
	return o
}

func (o *office) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

// seal stores the file of somebody's engagement, that mia asked for, kept for some years.
func (o *office) seal(person string, years int) *v1alpha1.Dossier {
	o.Helper()
	now := time.Now()
	e := &v1alpha1.Engagement{ObjectMeta: metav1.ObjectMeta{Namespace: "marketing", Name: "spring", UID: "1"}}
	e.Spec.PoolRef.Name = "designers"
	e.Status.Worker = &v1alpha1.EngagedWorker{Name: "w", Namespace: "talent", PersonKey: person}
	e.Status.Attestations = []v1alpha1.AttestationRecord{{UID: "a", Name: "chosen", Claim: "selection/w", Verdict: v1alpha1.VerdictChosen, Author: "mia@example.com", At: metav1.NewTime(now)}}
	facts := dossier.Facts{Engagement: e, SealedAt: metav1.NewTime(now), Outcome: v1alpha1.OutcomeCompleted}
	if years > 0 {
		facts.RetainUntil, facts.RetainedBy = &metav1.Time{Time: now.AddDate(years, 0, 0)}, "tax-records (a tax code)"
	}
	d, err := dossier.Seal(o.head, facts, rand.Reader)
	o.must(err)
	o.head = dossier.HeadOf(*d)
	o.must(o.api.Create(o.Context(), d))
	return d
}

// operate has the operator carry out what is asked for, until the test ends.
func (o *office) operate() {
	o.Helper()
	mgr, err := ctrl.NewManager(shared.RESTConfig(), ctrl.Options{Scheme: o.scheme, Metrics: metricsserver.Options{BindAddress: "0"}})
	o.must(err)
	o.must((&operator.Reconciler{Client: mgr.GetClient(), Clock: clock.RealClock{}, Recorder: &suite.Notebook{}}).SetupWithManager(o.Context(), mgr))
	stopped := make(chan error, 1)
	go func() { stopped <- mgr.Start(o.Context()) }()
	o.Cleanup(func() { o.must(<-stopped) })
}

func (o *office) erase(args ...string) (string, error) {
	o.Helper()
	var out bytes.Buffer
	err := run(o.Context(), append([]string{"-kubeconfig", o.kubeconfig}, args...), &out)
	return out.String(), err
}

// mayErase gives somebody what the command reads and writes, until the test ends.
func (o *office) mayErase(user string) {
	o.Helper()
	for _, object := range []client.Object{
		&rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: "erase"}, Rules: []rbacv1.PolicyRule{{
			APIGroups: []string{v1alpha1.GroupVersion.Group}, Resources: []string{"dossiers", "engagements", "workers"}, Verbs: []string{"get", "list", "update", "patch", "erase"},
		}}},
		&rbacv1.ClusterRoleBinding{
			ObjectMeta: metav1.ObjectMeta{Name: "erase"}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "erase"},
			Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: rbacv1.UserKind, Name: user}},
		},
	} {
		o.must(o.api.Create(o.Context(), object))
		o.Cleanup(func() { o.must(o.api.Delete(context.Background(), object)) })
	}
}

func (o *office) stored(d *v1alpha1.Dossier) *v1alpha1.Dossier {
	o.Helper()
	stored := &v1alpha1.Dossier{}
	o.must(o.api.Get(o.Context(), client.ObjectKeyFromObject(d), stored))
	return stored
}

// expect checks what was printed: each row is parts of one line.
func expect(t *testing.T, text string, rows ...[]string) {
	t.Helper()
	for _, row := range rows {
		found := false
		for line := range strings.Lines(text) {
			has := true
			for _, part := range row {
				has = has && strings.Contains(line, part)
			}
			found = found || has
		}
		if !found {
			t.Errorf("expected a line with %q in\n%s", row, text)
		}
	}
}

func TestThePersonsFilesAreShownAndErasedWhereNothingStandsAgainstIt(t *testing.T) {
	o := open(t)
	free, retained, another := o.seal("p-1", 0), o.seal("p-1", 6), o.seal("p-2", 0)
	namespace := clustertest.Namespace(t, shared)
	o.must(o.api.Create(t.Context(), &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: "w"}, Spec: v1alpha1.WorkerSpec{PersonKey: "p-1"}}))

	text, err := o.erase("-person", "p-1", "-reason", "request 17")
	if err != nil {
		t.Fatalf("expected the files to be shown: %v", err)
	}
	expect(t, text,
		[]string{"Sealed files with this person in clear: 2"},
		[]string{free.Name, "marketing/spring", "the worker", "no", "is erased at once"},
		[]string{retained.Name, retained.Spec.Record.RetainUntil.UTC().Format(time.DateOnly), "tax-records (a tax code)", "CONFLICT"},
		[]string{"Worker " + namespace + "/w"},
		[]string{"Nothing was asked for yet"},
	)
	if strings.Contains(text, another.Name) {
		t.Errorf("expected nobody else's file to be shown:\n%s", text)
	}
	if o.stored(free).Spec.Erasure != nil || o.stored(retained).Spec.Erasure != nil {
		t.Fatal("expected nothing to be asked for without -apply")
	}

	o.operate()
	text, err = o.erase("-person", "p-1", "-reason", "request 17", "-apply")
	if !errors.Is(err, errUndecided) {
		t.Errorf("expected to be told that somebody has to decide, got %v", err)
	}
	expect(t, text,
		[]string{free.Name + ": Erased: "},
		[]string{retained.Name + ": RetentionConflict: ", "the policy tax-records (a tax code)"},
	)
	if asked := o.stored(retained).Spec.Erasure; asked == nil || asked.Reason != "request 17" || asked.Decision != "" || asked.By == nil || asked.By.Username == "" {
		t.Errorf("expected a request without a decision under one's own name, got %+v", asked)
	}
	if len(o.stored(retained).Spec.Personal) == 0 || len(o.stored(another).Spec.Personal) == 0 {
		t.Error("expected what is retained, and what is another's, to stay")
	}

	text, err = o.erase("-person", "p-1", "-reason", "decision 3", "-decision", "Keep", "-apply")
	if err != nil {
		t.Errorf("expected what is decided to be no fault, got %v", err)
	}
	expect(t, text, []string{"Sealed files with this person in clear: 1"}, []string{retained.Name, "yes, undecided", "is kept"}, []string{retained.Name + ": Kept: "})
	if text, err = o.erase("-person", "p-1", "-reason", "request 18", "-apply"); err != nil {
		t.Errorf("expected an earlier decision to stand, got %v", err)
	}
	expect(t, text, []string{retained.Name, "yes, Keep", "is kept"})
	if asked := o.stored(retained).Spec.Erasure; asked.Reason != "decision 3" || asked.Decision != v1alpha1.ErasureKeep {
		t.Errorf("expected the decision to stand as it was made, got %+v", asked)
	}

	text, err = o.erase("-person", "p-1", "-reason", "decision 4", "-decision", "Erase", "-apply")
	if err != nil {
		t.Errorf("expected the decision to be carried out, got %v", err)
	}
	expect(t, text, []string{retained.Name + ": Erased: "})
	if text, err = o.erase("-person", "p-1", "-reason", "request 19"); err != nil || !strings.Contains(text, "No sealed file holds this person") {
		t.Errorf("expected nobody to be found any more, got %v and\n%s", err, text)
	}
	chain := &v1alpha1.DossierList{}
	o.must(o.api.List(t.Context(), chain))
	if err := dossier.Verify(chain.Items); err != nil {
		t.Errorf("expected the chain to hold: %v", err)
	}
}

func TestSomebodyWhoIsNamedInAnothersFileIsFoundToo(t *testing.T) {
	o := open(t)
	d := o.seal("p-1", 0)
	text, err := o.erase("-person", "mia@example.com", "-reason", "request 17")
	if err != nil {
		t.Fatal(err)
	}
	expect(t, text, []string{d.Name, "named in it"})
}

func TestWithoutAnOperatorNothingIsCalledErased(t *testing.T) {
	o := open(t)
	d := o.seal("p-1", 0)
	text, err := o.erase("-person", "p-1", "-reason", "request 17", "-apply", "-wait", "300ms")
	if !errors.Is(err, errUnanswered) {
		t.Errorf("expected to be told that the operator has not answered, got %v", err)
	}
	expect(t, text, []string{d.Name + ": no answer yet"})
	if o.stored(d).Spec.Erasure == nil {
		t.Error("expected what was asked for to stand")
	}
}

func TestWhatIsAskedAsSomebodyIsAskedWithTheirRightsAndUnderTheirName(t *testing.T) {
	o := open(t)
	d := o.seal("p-1", 0)
	asDee := []string{"-as", "dee", "-person", "p-1", "-reason", "request 17", "-apply", "-wait", "300ms"}
	if _, err := o.erase(asDee...); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), `User "dee" cannot list resource "dossiers"`) {
		t.Fatalf("expected dee to have no more rights than RBAC gives them, got %v", err)
	}
	o.mayErase("dee")
	if _, err := o.erase(asDee...); !errors.Is(err, errUnanswered) {
		t.Fatalf("expected the request to stand and to wait for an operator, got %v", err)
	}
	if asked := o.stored(d).Spec.Erasure; asked == nil || asked.By == nil || asked.By.Username != "dee" {
		t.Errorf("expected the request to be dee's, got %+v", asked)
	}
}

func TestAnIncompleteRequestIsRefused(t *testing.T) {
	for _, tc := range []struct {
		name string
		args []string
		want string
	}{
		{"nobody", []string{"-reason", "request 17"}, "say whom and why"},
		{"no reason", []string{"-person", "p-1"}, "say whom and why"},
		{"more than one person", []string{"-person", "p-1", "-reason", "request 17", "p-2"}, "say whom and why"},
		{"another decision", []string{"-person", "p-1", "-reason", "request 17", "-decision", "Maybe"}, `the decision is Erase or Keep, not "Maybe"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if err := run(t.Context(), tc.args, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("expected to be told %q, got %v", tc.want, err)
			}
		})
	}
}
