package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/dossier"
)

// record is everything that is left of a run, for programs to read.
type record struct {
	Day         string                 `json:"day"`
	Began       time.Time              `json:"began"`
	Ended       time.Time              `json:"ended"`
	Happenings  []happening            `json:"happenings"`
	Engagements []v1alpha1.Engagement  `json:"engagements"`
	Workers     []v1alpha1.Worker      `json:"workers"`
	Pools       []v1alpha1.TalentPool  `json:"pools"`
	Assignments []v1alpha1.Assignment  `json:"assignments,omitempty"`
	Grants      []v1alpha1.AccessGrant `json:"grants"`
	Dossiers    []v1alpha1.Dossier     `json:"dossiers"`
	Statements  []v1alpha1.Attestation `json:"attestations"`
	Evaluations []v1alpha1.Evaluation  `json:"evaluations"`
	WhileHeld   []probe                `json:"accessWhileGranted"`
	Afterwards  []probe                `json:"accessAfterwards"`
	Bindings    []string               `json:"bindingsLeft"`
	Chain       string                 `json:"chain"`
	calendar    calendar
	// replaced says that somebody was to be replaced within 48 hours.
	replaced bool
}

// collect reads what is left when all is over, and asks the API server once more about every grant.
func (p *play) collect(ctx context.Context) (*record, error) {
	reader, err := p.people.as(auditor)
	if err != nil {
		return nil, err
	}
	r, err := readRecord(ctx, reader, p.probes, p.calendar)
	if err != nil {
		return nil, err
	}
	r.Happenings = p.happenings
	return r, nil
}

// readRecord reads what is left, in one namespace or in all.
func readRecord(ctx context.Context, reader client.Client, asking *probes, c calendar, where ...client.ListOption) (*record, error) {
	var engagements v1alpha1.EngagementList
	var workers v1alpha1.WorkerList
	var pools v1alpha1.TalentPoolList
	var assignments v1alpha1.AssignmentList
	var grants v1alpha1.AccessGrantList
	var dossiers v1alpha1.DossierList
	var statements v1alpha1.AttestationList
	var evaluations v1alpha1.EvaluationList
	err := reader.List(ctx, &dossiers)
	for _, list := range []client.ObjectList{&engagements, &workers, &pools, &assignments, &grants, &statements, &evaluations} {
		err = errors.Join(err, reader.List(ctx, list, where...))
	}
	if err != nil {
		return nil, fmt.Errorf("reading what is left: %w", err)
	}
	r := &record{
		Day: c.day.String(), Began: c.to, Ended: time.Now(), Engagements: engagements.Items, Workers: workers.Items, Pools: pools.Items,
		Assignments: assignments.Items, Grants: grants.Items, Dossiers: dossiers.Items, Statements: statements.Items, Evaluations: evaluations.Items,
		WhileHeld: asking.granted, calendar: c,
	}
	for i := range r.Grants {
		answers, err := asking.ask(ctx, &r.Grants[i])
		if err != nil {
			return nil, err
		}
		r.Afterwards = append(r.Afterwards, answers...)
	}
	if r.Bindings, err = bindingsLeft(ctx, reader); err != nil {
		return nil, err
	}
	r.Chain = "unbroken"
	if err := dossier.Verify(r.Dossiers); err != nil {
		r.Chain = err.Error()
	}
	return r, nil
}

// bindingsLeft names every binding in the cluster that Longshore made.
func bindingsLeft(ctx context.Context, reader client.Client) ([]string, error) {
	var local rbacv1.RoleBindingList
	var wide rbacv1.ClusterRoleBindingList
	made := client.MatchingLabels{v1alpha1.ManagedByLabel: v1alpha1.ManagedByValue}
	if err := errors.Join(reader.List(ctx, &local, made), reader.List(ctx, &wide, made)); err != nil {
		return nil, fmt.Errorf("reading bindings: %w", err)
	}
	left := []string{}
	for _, b := range local.Items {
		left = append(left, b.Namespace+"/"+b.Name)
	}
	for _, b := range wide.Items {
		left = append(left, b.Name)
	}
	return left, nil
}

// write keeps the record as JSON.
func (r *record) write(path string) error {
	content, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding the record: %w", err)
	}
	if err := os.WriteFile(path, append(content, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing the record: %w", err)
	}
	return nil
}

// over says whether nothing is left of a grant: every entitlement was read back as gone or, if it is an item, attested as returned.
func over(g *v1alpha1.AccessGrant) bool {
	return len(g.Status.Entitlements) > 0 && !slices.ContainsFunc(g.Status.Entitlements, func(e v1alpha1.EntitlementStatus) bool {
		return !readBackGone(&e) && !returned(&e)
	})
}

func readBackGone(e *v1alpha1.EntitlementStatus) bool {
	return e.State == v1alpha1.GrantRevoked && e.RevokedAt != nil && !handedOut(e)
}

// returned is what a custodian attested, which is less than proof.
func returned(e *v1alpha1.EntitlementStatus) bool { return e.State == v1alpha1.GrantAttested }

// handedOut says whether an entitlement is an item, of which nothing but attestations can be known.
func handedOut(e *v1alpha1.EntitlementStatus) bool {
	return e.State == v1alpha1.GrantAttested || strings.HasPrefix(e.Evidence, v1alpha1.AttestedEvidence)
}

// faults lists what should not be: an engagement that is not closed, a statement that did not count, access that is left.
func (r *record) faults() []string {
	var faults []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Sprintf(format, args...)) }
	for i := range r.Engagements {
		if e := &r.Engagements[i]; e.Status.Phase != v1alpha1.PhaseClosed || e.Status.Dossier == nil {
			fault("%s/%s is not closed and sealed", e.Namespace, e.Name)
		}
	}
	faults = append(faults, r.ignored()...)
	for i := range r.Grants {
		g := &r.Grants[i]
		if !over(g) {
			fault("the grant %s/%s is %s", g.Namespace, g.Name, g.Status.State)
		}
		for k := range g.Status.Entitlements {
			if e := &g.Status.Entitlements[k]; !handedOut(e) && (len(about(r.WhileHeld, g, e.Name)) == 0 || len(about(r.Afterwards, g, e.Name)) == 0) {
				fault("nobody asked the target system about %s of the grant %s/%s, while it was granted and afterwards", e.Name, g.Namespace, g.Name)
			}
		}
	}
	for _, a := range r.WhileHeld {
		if !a.Allowed {
			fault("while granted, %s said no: %s", a.Asked, a.Question)
		}
	}
	for _, a := range r.Afterwards {
		if a.Allowed {
			fault("afterwards, %s still says yes: %s", a.Asked, a.Question)
		}
	}
	for _, b := range r.Bindings {
		fault("the binding %s is left", b)
	}
	if r.Chain != "unbroken" {
		fault("the chain of dossiers: %s", r.Chain)
	}
	if r.replaced {
		return append(faults, r.lateReplacement()...)
	}
	return faults
}

// ignored lists the statements and evaluations that did not count.
func (r *record) ignored() []string {
	var faults []string
	for i := range r.Statements {
		// What was said in the second in which the file was sealed came too late, and that is nobody's fault.
		if s := &r.Statements[i]; s.Status != nil && s.Status.State != "" && s.Status.Reason != "Closed" {
			faults = append(faults, fmt.Sprintf("%s by %s did not count: %s", s.Spec.Claim, s.Spec.Author.Username, s.Status.Message))
		}
	}
	for i := range r.Evaluations {
		if s := &r.Evaluations[i]; s.Status != nil && s.Status.State != "" {
			faults = append(faults, fmt.Sprintf("the %s evaluation %s did not count: %s", s.Spec.Kind, s.Name, s.Status.Message))
		}
	}
	return faults
}

// lateReplacement checks that somebody else had accepted within 48 hours of the story's calendar.
func (r *record) lateReplacement() []string {
	if took, found := r.replacementTook(); !found || took > resignsWith {
		return []string{fmt.Sprintf("the replacement accepted after %s, later than within %s", took, resignsWith)}
	}
	return nil
}

func (r *record) replacementTook() (time.Duration, bool) {
	var left, filled time.Time
	for i := range r.Engagements {
		e := &r.Engagements[i]
		for _, s := range e.Status.Attestations {
			if e.Name == resigning && s.Verdict == v1alpha1.VerdictResigned {
				left = s.At.Time
			}
		}
		if e.Spec.Replaces != nil && e.Spec.Replaces.Name == resigning && e.Status.Terms != nil {
			filled = e.Status.Terms.AcceptedAt.Time
		}
	}
	if left.IsZero() || filled.IsZero() {
		return 0, false
	}
	return r.calendar.date(filled).Sub(r.calendar.date(left)).Round(time.Hour), true
}

// left is how many grants, bindings and permissions are left.
func (r *record) left() int {
	n := len(r.Bindings)
	for i := range r.Grants {
		if !over(&r.Grants[i]) {
			n++
		}
	}
	for _, a := range r.Afterwards {
		if a.Allowed {
			n++
		}
	}
	return n
}

// closed and gone are what the last line counts.
func (r *record) closed() (n int) {
	for i := range r.Engagements {
		if r.Engagements[i].Status.Phase == v1alpha1.PhaseClosed {
			n++
		}
	}
	return n
}

func (r *record) gone() (n int) {
	for i := range r.Grants {
		rows := r.Grants[i].Status.Entitlements
		if over(&r.Grants[i]) && slices.ContainsFunc(rows, func(e v1alpha1.EntitlementStatus) bool { return readBackGone(&e) }) {
			n++
		}
	}
	return n
}

// returned counts the items, which the last line does not: they were not read back.
func (r *record) returned() (n int) {
	for i := range r.Grants {
		for k := range r.Grants[i].Status.Entitlements {
			if returned(&r.Grants[i].Status.Entitlements[k]) {
				n++
			}
		}
	}
	return n
}
