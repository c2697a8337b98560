// Command compliance measures what an edit of a CompliancePolicy sets off: which engagements it wakes, how long it takes to find them, and how long to judge them.
//
// The objects are in the cache of a manager, with its indexes, and are found by the function that the operator's watch calls. It fails if an edit wakes an engagement
// that the policy selects neither before nor after it, or does not wake one that it does, or if what is said of an engagement that stays asleep changes.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"reflect"
	"runtime"
	"slices"
	"syscall"
	"text/tabwriter"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/engagement/reach"
	"github.com/longshore-dev/longshore/hack/bench/inmemory"
)

// runs are how often the engagements of an edit are found. The median counts.
const runs = 5

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("compliance", flag.ContinueOnError)
	open := flags.Int("engagements", 10_000, "how many engagements are open; a fifth as many more are closed")
	seed := flags.Uint64("seed", 1, "seed of everything that is drawn")
	if err := flags.Parse(args); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	policies, err := makePolicies()
	if err != nil {
		return err
	}
	changes, err := edits(policies)
	if err != nil {
		return err
	}
	w, err := makeWorld(*open, *seed)
	if err != nil {
		return err
	}
	reader, err := inmemory.Start(ctx, w.objects(policies))
	if err != nil {
		return err
	}
	b := newBench(w, reader)
	fmt.Fprintf(out, "%d open and %d closed engagements in %d namespaces and %d jurisdictions, %d workers in %d pools, %d policies; %s, %s/%s\n\n",
		*open, len(w.engagements)-*open, len(w.namespaces), len(jurisdictions), len(w.workers), len(w.pools), len(policies), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	results := make([]result, 0, len(changes))
	for i := range changes {
		r, err := b.measure(ctx, policies, &changes[i])
		if err != nil {
			return fmt.Errorf("%s: %w", changes[i].name, err)
		}
		results = append(results, *r)
	}
	return report(out, results)
}

// result is what one edit came to.
type result struct {
	edit            string
	selected, woken int
	// missed are selected and not woken, extra the other way round.
	missed, extra int
	// judgements that the policies were asked for: one of each engagement, and one of each of its candidates.
	judgements int
	// find is how long it took to find whom to wake, and judge how long to judge all of them by all policies; in processor time, so that a busy machine says the same.
	find, judge time.Duration
	// otherwise is of how many engagements the policies say something else after the edit; asleep, of how many of those that were not woken.
	otherwise, asleep int
}

func (b *bench) measure(ctx context.Context, policies []v1alpha1.CompliancePolicy, e *edit) (*result, error) {
	r := &result{edit: e.name}
	woken, err := b.wake(ctx, e, r)
	if err != nil {
		return nil, err
	}
	selected := b.selected(e)
	r.selected, r.woken = len(selected), len(woken)
	for key := range selected {
		if !woken[key] {
			r.missed++
		}
	}
	r.extra = r.woken - (r.selected - r.missed)

	after := e.applied(policies)
	runtime.GC()
	began := processorTime()
	for key := range woken {
		verdicts, err := b.judge(ctx, after, b.byKey[key])
		if err != nil {
			return nil, err
		}
		r.judgements += len(verdicts)
	}
	r.judge = processorTime() - began
	return r, b.compare(ctx, e, woken, r)
}

// wake finds the engagements as the operator's watch does.
func (b *bench) wake(ctx context.Context, e *edit, r *result) (map[types.NamespacedName]bool, error) {
	woken := map[types.NamespacedName]bool{}
	var took []time.Duration
	for range runs {
		runtime.GC()
		began := processorTime()
		keys, err := reach.Policy(ctx, b.reader, e.specs()...)
		if err != nil {
			return nil, err
		}
		took = append(took, processorTime()-began)
		for _, key := range keys {
			woken[key] = true
		}
	}
	slices.Sort(took)
	r.find = took[runs/2]
	return woken, nil
}

// compare judges every open engagement by the edited policy alone, before and after.
func (b *bench) compare(ctx context.Context, e *edit, woken map[types.NamespacedName]bool, r *result) error {
	before, after := []v1alpha1.CompliancePolicy{*e.before}, []v1alpha1.CompliancePolicy(nil)
	if e.after != nil {
		after = append(after, *e.after)
	}
	for _, eng := range b.engagements {
		if eng.Status.Phase == v1alpha1.PhaseClosed {
			continue
		}
		was, err := b.judge(ctx, before, eng)
		if err != nil {
			return err
		}
		is, err := b.judge(ctx, after, eng)
		if err != nil {
			return err
		}
		if reflect.DeepEqual(was, is) {
			continue
		}
		r.otherwise++
		if !woken[client.ObjectKeyFromObject(eng)] {
			r.asleep++
		}
	}
	return nil
}

// report prints the table, and then what is not as it should be.
func report(out io.Writer, results []result) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "what is edited\tselected\twoken\tfound in\tjudgements\tjudged in\tper engagement\tper judgement\tsaid otherwise\t")
	var faults []error
	for i := range results {
		r := &results[i]
		fmt.Fprintf(table, "%s\t%d\t%d\t%s\t%d\t%s\t%s\t%s\t%d\t\n", r.edit, r.selected, r.woken, milliseconds(r.find), r.judgements, milliseconds(r.judge),
			microseconds(r.judge, r.woken), microseconds(r.judge, r.judgements), r.otherwise)
		faults = append(faults, r.faults()...)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nFound: by index, median of %d. Judged: one after the other, by all policies, each engagement with whoever works in it or with every\n"+
		"screened member of its pool while it looks for somebody. Both in processor time. Peak memory of everything, the objects among it: %s\n", runs, peak())
	for _, fault := range faults {
		fmt.Fprintln(out, "\nFAILED:", fault)
	}
	if len(faults) > 0 {
		return fmt.Errorf("%d faults", len(faults))
	}
	return nil
}

// faults are what is not as it should be.
func (r *result) faults() []error {
	var faults []error
	if r.selected == 0 {
		faults = append(faults, errors.New(r.edit+": the policy selects nothing, so that nothing is measured"))
	}
	if r.missed > 0 {
		faults = append(faults, fmt.Errorf("%s: %d engagements that the policy selects were not woken", r.edit, r.missed))
	}
	if r.extra > 0 {
		faults = append(faults, fmt.Errorf("%s: %d engagements were woken that the policy selects neither before nor after", r.edit, r.extra))
	}
	if r.asleep > 0 {
		faults = append(faults, fmt.Errorf("%s: the policy says something else of %d engagements that were not woken", r.edit, r.asleep))
	}
	if r.otherwise == 0 {
		faults = append(faults, errors.New(r.edit+": the policy says the same of every engagement as before, so that nothing shows whether the right ones were woken"))
	}
	return faults
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.1f ms", float64(d.Microseconds())/1000)
}

func microseconds(d time.Duration, n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprintf("%.1f µs", float64(d.Nanoseconds())/1000/float64(n))
}

// processorTime is what this process has used so far.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// peak is the greatest resident memory of this process. The system gives it in kibibytes, but macOS in bytes.
func peak() string {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return "unknown"
	}
	unit := float64(1 << 10)
	if runtime.GOOS == "darwin" {
		unit = 1
	}
	return fmt.Sprintf("%.0f MiB", float64(usage.Maxrss)*unit/(1<<20))
}
