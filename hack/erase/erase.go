package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/dossier"
)

const (
	// pageSize is how many sealed files are read at once; one can have 256 KiB.
	pageSize     = 100
	pollInterval = 200 * time.Millisecond
)

// What is left to do by people; the files have been printed.
var (
	errUndecided  = errors.New("a policy demands to keep some of the files: decide with DECISION=Erase or DECISION=Keep, or leave it, and they are erased at the end of retention")
	errUnanswered = errors.New("the operator has not answered for some of the files: see whether it runs (kubectl -n longshore-system get pods); what was asked for stands")
	errRefused    = errors.New("some of the files could not be asked about")
)

// eraser asks to erase what is personal of one person.
type eraser struct {
	api      client.Client
	clock    clock.PassiveClock
	out      io.Writer
	person   string
	request  v1alpha1.Erasure
	apply    bool
	patience time.Duration
}

func (e *eraser) run(ctx context.Context) error {
	found, err := e.find(ctx)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		fmt.Fprintln(e.out, "No sealed file holds this person. Files that were erased before cannot be found by person any more.")
		return e.showRest(ctx)
	}
	e.show(found)
	if err := e.showRest(ctx); err != nil {
		return err
	}
	if !e.apply {
		fmt.Fprintln(e.out, "\nNothing was asked for yet. What is erased does not come back. To ask for it, run this again with APPLY=1 (-apply).")
		return nil
	}
	asked, refused := e.ask(ctx, found)
	return cmp.Or(e.report(ctx, asked), refused)
}

// find reads every sealed file and keeps those in which the person stands in clear.
func (e *eraser) find(ctx context.Context) ([]v1alpha1.Dossier, error) {
	var found []v1alpha1.Dossier
	page := &v1alpha1.DossierList{}
	for {
		if err := e.api.List(ctx, page, client.Limit(pageSize), client.Continue(page.Continue)); err != nil {
			return nil, fmt.Errorf("reading the sealed files: %w", err)
		}
		for i := range page.Items {
			if e.known(&page.Items[i]) != "" {
				found = append(found, page.Items[i])
			}
		}
		if page.Continue == "" {
			return found, nil
		}
	}
}

// known is the key by which a file knows the person, or nothing.
func (e *eraser) known(d *v1alpha1.Dossier) string {
	for _, p := range d.Spec.Personal {
		if p.Value == e.person {
			return p.Key
		}
	}
	return ""
}

func (e *eraser) show(found []v1alpha1.Dossier) {
	fmt.Fprintf(e.out, "Sealed files with this person in clear: %d\n\n", len(found))
	table := tabwriter.NewWriter(e.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "DOSSIER\tENGAGEMENT\tPERSON IS\tSEALED\tKEPT UNTIL\tBY\tASKED BEFORE\tWITH THIS REQUEST")
	for i := range found {
		d := &found[i]
		r := &d.Spec.Record
		role := "named in it"
		if r.Person != nil && r.Person.Key == e.known(d) {
			role = "the worker"
		}
		until, before := "-", "no"
		if r.RetainUntil != nil {
			until = day(*r.RetainUntil)
		}
		if a := d.Spec.Erasure; a != nil {
			before = "yes, " + cmp.Or(string(a.Decision), "undecided")
		}
		fmt.Fprintf(table, "%s\t%s/%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
			d.Name, r.Namespace, r.Engagement, role, day(r.SealedAt), until, cmp.Or(r.RetainedBy, "-"), before, e.foresee(d))
	}
	table.Flush()
}

// foresee says what the operator will do with the request.
func (e *eraser) foresee(d *v1alpha1.Dossier) string {
	asked := d.DeepCopy()
	asked.Spec.Erasure = e.wanted(d)
	switch erasure := dossier.Erase(asked, e.clock.Now()); {
	case erasure.Now:
		return "is erased at once"
	case erasure.Say != nil && erasure.Say.Reason == v1alpha1.ReasonKept:
		return "is kept"
	default:
		return "CONFLICT: somebody decides"
	}
}

// wanted is what is asked for of a file. What somebody asked for or decided before stands, unless this decides.
func (e *eraser) wanted(d *v1alpha1.Dossier) *v1alpha1.Erasure {
	if before := d.Spec.Erasure; before != nil && (e.request.Decision == "" || before.Decision == e.request.Decision) {
		return before
	}
	return e.request.DeepCopy()
}

// showRest shows what else is known of the person by this name: what is not in a sealed file is not erased by a request.
func (e *eraser) showRest(ctx context.Context) error {
	workers, engagements := &v1alpha1.WorkerList{}, &v1alpha1.EngagementList{}
	for _, list := range []client.ObjectList{workers, engagements} {
		if err := e.api.List(ctx, list); err != nil {
			fmt.Fprintf(e.out, "\nWhat else is known of the person was not looked for: %v\n", err)
			return ctx.Err()
		}
	}
	var rest []string
	for i := range workers.Items {
		if w := &workers.Items[i]; w.Spec.PersonKey == e.person || w.Spec.Username == e.person {
			rest = append(rest, fmt.Sprintf("Worker %s/%s", w.Namespace, w.Name))
		}
	}
	for i := range engagements.Items {
		eng := &engagements.Items[i]
		if w := eng.Status.Worker; w != nil && (w.PersonKey == e.person || w.Username == e.person) {
			rest = append(rest, fmt.Sprintf("Engagement %s/%s, %s", eng.Namespace, eng.Name, eng.Status.Phase))
		}
	}
	if len(rest) == 0 {
		return nil
	}
	fmt.Fprintln(e.out, "\nThis is known of the person besides, and is not erased by the request; docs/operations.md says what to delete:")
	for _, line := range rest {
		fmt.Fprintln(e.out, "  "+line)
	}
	return nil
}

// ask sets spec.erasure of each file, and returns those where that succeeded.
func (e *eraser) ask(ctx context.Context, found []v1alpha1.Dossier) (asked []v1alpha1.Dossier, refused error) {
	fmt.Fprintln(e.out)
	self := &authenticationv1.SelfSubjectReview{}
	if err := e.api.Create(ctx, self); err != nil {
		return nil, fmt.Errorf("asking the cluster who asks: %w", err)
	}
	for _, d := range found {
		wanted := e.wanted(&d)
		if d.Spec.Erasure == nil || *wanted != *d.Spec.Erasure {
			before := d.DeepCopy()
			wanted.By = &v1alpha1.Author{Username: self.Status.UserInfo.Username}
			d.Spec.Erasure = wanted
			if err := e.api.Patch(ctx, &d, client.MergeFromWithOptions(before, client.MergeFromWithOptimisticLock{})); err != nil {
				fmt.Fprintf(e.out, "%s: not asked for: %v\n", d.Name, err)
				refused = errRefused
				continue
			}
		}
		asked = append(asked, d)
	}
	return asked, refused
}

// report waits for the operator's answers and prints them.
func (e *eraser) report(ctx context.Context, asked []v1alpha1.Dossier) error {
	var left error
	ctx, cancel := context.WithTimeout(ctx, e.patience)
	defer cancel()
	for i := range asked {
		d := &asked[i]
		answer, err := e.await(ctx, d)
		switch {
		case err != nil:
			left = cmp.Or(left, errUnanswered)
			fmt.Fprintf(e.out, "%s: no answer yet: %v\n", d.Name, err)
		case answer.Reason == v1alpha1.ReasonRetentionConflict:
			left = errUndecided
			fallthrough
		default:
			fmt.Fprintf(e.out, "%s: %s: %s\n", d.Name, answer.Reason, answer.Message)
		}
	}
	return left
}

// await returns what the operator says of the file as it is.
func (e *eraser) await(ctx context.Context, d *v1alpha1.Dossier) (*metav1.Condition, error) {
	var answer *metav1.Condition
	err := wait.PollUntilContextCancel(ctx, pollInterval, true, func(ctx context.Context) (bool, error) {
		if err := e.api.Get(ctx, client.ObjectKeyFromObject(d), d); err != nil {
			return false, fmt.Errorf("reading dossier %s: %w", d.Name, err)
		}
		if d.Status == nil {
			return false, nil
		}
		answer = meta.FindStatusCondition(d.Status.Conditions, v1alpha1.ConditionErased)
		// That it is erased holds for good, whatever was written since.
		return answer != nil && (answer.Status == metav1.ConditionTrue || answer.ObservedGeneration == d.Generation), nil
	})
	return answer, err
}

func day(t metav1.Time) string { return t.UTC().Format(time.DateOnly) }
