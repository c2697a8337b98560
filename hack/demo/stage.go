package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/hack/cluster"
	"github.com/longshore-dev/longshore/hack/targets/postgres"
	"github.com/longshore-dev/longshore/hack/targets/slapd"
)

// fieldOwner is the name under which everyone here applies YAML, as kubectl's own is "kubectl".
const fieldOwner = "longshore-demo"

// installed is what an installation consists of. The Deployment is left out: a control plane without nodes runs no pods, so
// the same binary runs beside it.
var installed = []string{"config/manager/namespace.yaml", "config/crd", "config/rbac", "config/admission"}

// stage is a control plane with Longshore installed and its operator running.
type stage struct {
	cluster  *cluster.Cluster
	operator *operator
	// admin is the cluster administrator: used for installing, and for asking the API server who may do what.
	admin   client.Client
	outside outside
	// root of the repository, and the folder for what this run leaves.
	root, dir string
}

// setting is what is played on the stage.
type setting struct {
	// outside says that there are systems outside the cluster in it, connect that they are to be connected.
	outside, connect bool
}

// raise starts everything and returns when it is ready, telling a person at each step what is under way.
func raise(ctx context.Context, root, dir string, played setting, out io.Writer) (*stage, error) {
	s := &stage{root: root, dir: dir}
	began := time.Now()
	say := func(what string) { fmt.Fprintf(out, "%4.0fs  %s\n", time.Since(began).Seconds(), what) }
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("making a folder: %w", err)
	}
	binary := filepath.Join(dir, "manager")
	built := make(chan error, 1)
	go func() { built <- buildOperator(ctx, root, binary) }()

	plan, planned := planOutside(played.connect, slapd.Installed(), postgres.Installed())
	type step struct {
		what string
		do   func() error
	}
	steps := []step{
		{"starting etcd, kube-apiserver and kube-controller-manager on loopback", func() (err error) {
			s.cluster, err = cluster.Start(ctx, cluster.Options{ControllerManager: true})
			return err
		}},
		{"installing the kinds, the roles and the admission policies", func() error { return s.install(ctx) }},
		{planned, func() error { return s.startOutside(ctx, plan) }},
		{"building the operator", func() error { return <-built }},
		{"starting the operator under its own service account", func() (err error) {
			s.operator, err = startOperator(ctx, s.cluster, binary, dir)
			return err
		}},
		{"waiting until the admission policies are in force", func() error { return s.waitForPolicies(ctx) }},
	}
	if !played.outside {
		steps = slices.DeleteFunc(steps, func(s step) bool { return s.what == planned })
	}
	for _, step := range steps {
		say(step.what)
		if err := step.do(); err != nil {
			return nil, errors.Join(err, s.strike())
		}
	}
	say("ready")
	return s, nil
}

func (s *stage) install(ctx context.Context) error {
	scheme, err := newScheme()
	if err != nil {
		return err
	}
	for _, path := range installed {
		if err := s.cluster.Apply(ctx, fieldOwner, filepath.Join(s.root, path)); err != nil {
			return fmt.Errorf("installing %s: %w", path, err)
		}
	}
	if s.admin, err = client.New(s.cluster.RESTConfig(), client.Options{Scheme: scheme}); err != nil {
		return fmt.Errorf("building the administrator's client: %w", err)
	}
	return nil
}

func newScheme() (*runtime.Scheme, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		v1alpha1.AddToScheme, corev1.AddToScheme, rbacv1.AddToScheme, authorizationv1.AddToScheme, admissionregistrationv1.AddToScheme,
	} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("registering kinds: %w", err)
		}
	}
	return scheme, nil
}

// waitForPolicies waits until the API server fills in the author of a statement and refuses a forged one: it takes policies
// that were just created into use after a few seconds. Nothing is stored by the attempts.
func (s *stage) waitForPolicies(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	statement := attestation(metav1.NamespaceDefault, "probe", &v1alpha1.AttestationSpec{
		SubjectRef: v1alpha1.SubjectReference{Kind: "Engagement", Name: "nothing"}, Claim: "feedback/probe", Verdict: v1alpha1.VerdictRaised,
	})
	forgery := statement.DeepCopy()
	forgery.Spec.Author = &v1alpha1.Author{Username: "somebody-else"}
	var last error
	err := wait.PollUntilContextCancel(ctx, 200*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		signed := statement.DeepCopy()
		if last = s.admin.Create(ctx, signed, client.DryRunAll); last != nil || signed.Spec.Author == nil {
			return false, nil //nolint:nilerr // looked at again
		}
		last = s.admin.Create(ctx, forgery.DeepCopy(), client.DryRunAll)
		return apierrors.IsInvalid(last) || apierrors.IsForbidden(last), nil
	})
	if err != nil {
		return fmt.Errorf("the author of a statement is not filled in, or a forged one is not refused: %w", errors.Join(err, last))
	}
	return nil
}

// strike ends everything, the operator before the servers that it uses.
func (s *stage) strike() error {
	var errs []error
	if s.operator != nil {
		errs = append(errs, s.operator.stop())
	}
	errs = append(errs, s.outside.stop())
	if s.cluster != nil {
		errs = append(errs, s.cluster.Stop())
	}
	return errors.Join(errs...)
}

// render writes a sample with its dates moved, and connected to this run's systems, into the run's own folder, and returns the path: what is applied can be read.
func (s *stage) render(c calendar, sample string) (string, error) {
	text, err := os.ReadFile(filepath.Join(s.root, samplesDir, sample))
	if err != nil {
		return "", fmt.Errorf("reading a sample: %w", err)
	}
	if text, err = c.render(text); err != nil {
		return "", fmt.Errorf("moving the dates of %s: %w", sample, err)
	}
	path := filepath.Join(s.dir, sample)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return "", fmt.Errorf("making a folder: %w", err)
	}
	if err := os.WriteFile(path, s.outside.connect(text), 0o600); err != nil {
		return "", fmt.Errorf("writing a sample: %w", err)
	}
	return path, nil
}

// findRoot returns the root of the repository, wherever in it the command was given.
func findRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the working directory: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("this is not Longshore's repository: no go.mod in the working directory or above it")
		}
		dir = parent
	}
}

// relative shortens a path for people who stand in the root of the repository.
func (s *stage) relative(path string) string {
	return strings.TrimPrefix(path, s.root+string(filepath.Separator))
}
