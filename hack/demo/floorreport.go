package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/hack/cluster"
	"github.com/longshore-dev/longshore/hack/floor/season"
)

// print tells a person what became of the season.
func (f *floor) print(out io.Writer, r *floorRecord) {
	say := func(format string, args ...any) { fmt.Fprintf(out, format+"\n", args...) }
	say("\nThe season, %s after the start:", time.Since(f.board.began).Round(time.Second))
	for _, line := range f.board.lines(f, time.Now())[1:] {
		say("  %s", line)
	}
	say("  outcomes   %s", r.outcomes())
	say("  quality    %s", r.quality())
	say("  evidence   %s", r.evidence())
	if r.twists.left != "" {
		say("  %s resigned; the shifts to come went to others. %s gave %s back; %s worked it.", r.agentOf(r.twists.left), r.twists.decliner, r.twists.declined, cmp.Or(r.workerOf(r.twists.declined), "nobody"))
	}
	r.printDashboard(out)
	say("\nThe chain of %d dossiers is %s.", len(r.Dossiers), r.Chain)
}

func (r *floorRecord) agentOf(engagement string) string {
	for i := range r.Engagements {
		if r.Engagements[i].Name == engagement {
			return workerName(&r.Engagements[i])
		}
	}
	return "nobody"
}

func (r *floorRecord) workerOf(assignment string) string {
	for i := range r.Assignments {
		if a := &r.Assignments[i]; a.Name == assignment && a.Status.State == v1alpha1.AssignmentAccepted {
			return a.Status.Worker
		}
	}
	return ""
}

func (r *floorRecord) outcomes() string {
	n := map[v1alpha1.Outcome]int{}
	var seen []v1alpha1.Outcome
	for i := range r.Engagements {
		outcome := r.Engagements[i].Status.Outcome
		if n[outcome]++; n[outcome] == 1 {
			seen = append(seen, outcome)
		}
	}
	slices.SortFunc(seen, func(a, b v1alpha1.Outcome) int { return cmp.Or(n[b]-n[a], strings.Compare(string(a), string(b))) })
	var parts []string
	for _, outcome := range seen {
		parts = append(parts, fmt.Sprintf("%s %d", outcome, n[outcome]))
	}
	return strings.Join(parts, "  ")
}

// quality sums the reported numbers up over all that they were measured on.
func (r *floorRecord) quality() string {
	var parts []string
	for _, kpi := range reportedKPIs {
		sum, sample, reports := 0.0, 0, 0
		for i := range r.Evaluations {
			for _, k := range r.Evaluations[i].Spec.KPIs {
				if value, err := strconv.ParseFloat(k.Value, 64); err == nil && k.Name == kpi {
					sum, sample, reports = sum+value*float64(k.Sample), sample+int(k.Sample), reports+1
				}
			}
		}
		if sample > 0 {
			parts = append(parts, fmt.Sprintf("%s %.1f (of %d, in %d reports)", kpi, sum/float64(sample), sample, reports))
		}
	}
	for _, kpi := range []string{"OnTimeDeliveryRate", "NoShowRate"} {
		sum, sample := 0.0, 0
		for i := range r.Engagements {
			for _, k := range r.Engagements[i].Status.KPIs {
				if value, err := strconv.ParseFloat(k.Value, 64); err == nil && k.Name == kpi {
					sum, sample = sum+value*float64(k.Sample), sample+int(k.Sample)
				}
			}
		}
		if sample > 0 {
			parts = append(parts, fmt.Sprintf("%s %.2f (of %d)", kpi, sum/float64(sample), sample))
		}
	}
	return strings.Join(parts, ", ")
}

// evidence counts what the API server itself answered about the seats at the desk.
func (r *floorRecord) evidence() string {
	yes := func(answers []probe) (n int) {
		for _, a := range answers {
			if a.Allowed {
				n++
			}
		}
		return n
	}
	return fmt.Sprintf("%d grants; may they see tickets? while granted %d of %d yes, afterwards %d of %d; bindings left %d",
		len(r.Grants), yes(r.WhileHeld), len(r.WhileHeld), yes(r.Afterwards), len(r.Afterwards), len(r.Bindings))
}

// printDashboard prints the pool's status.
func (r *floorRecord) printDashboard(out io.Writer) {
	st := &r.pool().Status
	say := func(format string, args ...any) { fmt.Fprintf(out, "  "+format+"\n", args...) }
	fmt.Fprintf(out, "\nThe dashboard, status of the TalentPool %s/%s:\n", season.Namespace, season.Pool)
	say("members %d, screened %d, engaged %d, recruiting %d, shifts nobody has %d", st.Members, st.Screened, st.Engaged, st.Recruiting, st.PendingAssignments)
	for _, t := range st.Tiers {
		say("tier %-9s %3d members, %3d screened, %d demotions wait", t.Name, t.Members, t.Screened, t.Demotions)
	}
	for _, s := range st.Funnel {
		say("step %-14s entered %3d, passed %3d, failed %2d, waiting %2d; conversion %s (%s to %s), median %s", s.Name, s.Entered, s.Passed, s.Failed, s.Waiting,
			cmp.Or(s.Conversion, "-"), cmp.Or(s.ConversionLow, "-"), cmp.Or(s.ConversionHigh, "-"), length(s.Median))
	}
	if t := st.Times; t != nil {
		for _, of := range []struct {
			name  string
			taken *v1alpha1.TimeTaken
		}{{"to fill", t.ToFill}, {"to onboard", t.ToOnboard}, {"to first accepted work", t.ToFirstAccepted}} {
			if of.taken != nil {
				say("time %-23s median %s, nine of ten within %s, of %d", of.name, of.taken.Median.Duration, of.taken.P90.Duration, of.taken.Sample)
			}
		}
	}
	for _, s := range st.SlowestSteps {
		say("slow %-24s median %s of %d, %d wait", s.Step, s.Median.Duration, s.Sample, s.Waiting)
	}
	if s := st.Scores; s != nil {
		say("scores of %d: one in ten up to %s, half up to %s, nine in ten up to %s; in tens %v", s.Sample, s.P10, s.Median, s.P90, s.Histogram)
	}
	if p := st.Prior; p != nil {
		say("prior version %d: mean %s, spread %s, from %d evaluations", p.Version, p.Mean, p.Spread, p.Sample)
	}
	for _, a := range st.Agreement {
		say("reviewers by %s agree: alpha %s, over %d pieces of work with %d ratings", a.Scorecard, cmp.Or(a.Alpha, "-"), a.Units, a.Ratings)
	}
	for _, t := range st.Feedback {
		say("feedback %s: raised %d, acknowledged %d, actioned %d", t.Theme, t.Raised, t.Acknowledged, t.Actioned)
	}
	if u := st.Utilisation; u != nil {
		say("hours a week: %d offered, %d taken, %d %%", u.HoursAvailable, u.HoursTaken, u.Percent)
	}
}

func length(d *metav1.Duration) string {
	if d == nil {
		return "-"
	}
	return d.Duration.String()
}

// brief leaves out of a derivation all evaluations but the first and the last, which are alike.
func brief(derivation string) []string {
	var blocks []string
	for block := range strings.SplitSeq(strings.TrimSpace(derivation), "\n\n") {
		blocks = append(blocks, block)
	}
	first := slices.IndexFunc(blocks, func(b string) bool { return strings.HasPrefix(b, "[1]") })
	last := first
	for i, b := range blocks {
		if strings.HasPrefix(b, "[") {
			last = i
		}
	}
	if first >= 0 && last > first+2 {
		blocks = slices.Replace(blocks, first+1, last, fmt.Sprintf("[2] to [%d] likewise", last-first))
	}
	return strings.Split(strings.Join(blocks, "\n\n"), "\n")
}

// explain has the score of the one who was demoted derived from the stored objects.
func (f *floor) explain(ctx context.Context, out io.Writer, r *floorRecord) error {
	if r.faltering == "" {
		return nil
	}
	kubeconfig := filepath.Join(f.stage.dir, "auditor.kubeconfig")
	if err := cluster.WriteKubeconfig(kubeconfig, f.stage.cluster.As(auditor)); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nmake explain-score WORKER=%s/%s POOL=%s, who was demoted:\n", season.Namespace, r.faltering, season.Pool)
	command := exec.CommandContext(ctx, "go", "run", "./hack/explainscore", "-kubeconfig", kubeconfig, "-namespace", season.Namespace, "-worker", r.faltering, "-pool", season.Pool)
	command.Dir, command.Env = f.stage.root, os.Environ()
	text, err := command.CombinedOutput()
	for _, line := range brief(string(text)) {
		fmt.Fprintln(out, "  "+line)
	}
	if err != nil {
		return fmt.Errorf("deriving the score of %s: %w", r.faltering, err)
	}
	return nil
}
