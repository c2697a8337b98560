package census

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/checklist"
)

const (
	open    = v1alpha1.StepOpen
	done    = v1alpha1.StepDone
	fails   = v1alpha1.StepFailed
	waived  = v1alpha1.StepWaived
	dropped = v1alpha1.StepDropped
	pending = v1alpha1.StepPending
	notDone = v1alpha1.StepNotDone
)

func TestTheFunnelSaysWhatBecameOfTheMembersAtEachStep(t *testing.T) {
	steps := []v1alpha1.ChecklistStep{step("identity"), step("trial", after("identity"))}
	through := func(statuses ...v1alpha1.StepStatus) v1alpha1.Worker {
		return worker("w", screening(steps, statuses...))
	}
	members := []v1alpha1.Worker{
		through(standsAt("identity", done, 2), standsAt("trial", done, 10)),   // 2 h, 8 h
		through(standsAt("identity", done, 4), standsAt("trial", waived, 6)),  // 4 h, 2 h
		through(standsAt("identity", done, 3), standsAt("trial", fails, 8)),   // 3 h, 5 h
		through(standsAt("identity", done, 5), standsAt("trial", open, 5)),    // 5 h
		through(standsAt("identity", open, 0), standsAt("trial", pending, 0)), // the trial has not opened
	}
	got := count(Input{Steps: steps, Members: members}).Funnel
	want := []v1alpha1.FunnelStep{
		{Name: "identity", Entered: 5, Passed: 4, Waiting: 1, Conversion: "1.000", ConversionLow: "0.510", ConversionHigh: "1.000", Median: lasting(3.5)},
		{Name: "trial", Entered: 4, Passed: 2, Failed: 1, Waiting: 1, Conversion: "0.667", ConversionLow: "0.208", ConversionHigh: "0.939", Median: lasting(5)},
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("the funnel is wrong (-expected +got):\n%s", diff)
	}
}

func TestTheFunnelFollowsThePresentChecklistAndKeepsWhatIsLeftOfAFormerOne(t *testing.T) {
	members := []v1alpha1.Worker{
		worker("ada", screening(nil, standsAt("zeal", done, 1), standsAt("identity", done, 1))),
		worker("bob", screening(nil, standsAt("former", open, 1), standsAt("identity", open, 1))),
	}
	var names []string
	for _, s := range count(Input{Steps: []v1alpha1.ChecklistStep{step("trial"), step("identity")}, Members: members}).Funnel {
		names = append(names, fmt.Sprintf("%s %d", s.Name, s.Entered))
	}
	if diff := gocmp.Diff([]string{"trial 0", "identity 2", "former 1", "zeal 1"}, names); diff != "" {
		t.Errorf("the steps are not those of the checklist, in its order, and then the former ones (-expected +got):\n%s", diff)
	}
	var steps []v1alpha1.ChecklistStep
	for i := range maxFunnel {
		steps = append(steps, step(fmt.Sprintf("s-%d", i)))
	}
	if got := count(Input{Steps: steps, Members: members}).Funnel; len(got) != maxFunnel || got[maxFunnel-1].Name != "s-63" {
		t.Errorf("the funnel has %d steps, expected the %d that the status has places for", len(got), maxFunnel)
	}
}

func TestAStepIsDecidedOnce(t *testing.T) {
	tried := func(attempts int32) v1alpha1.StepStatus {
		st := standsAt("academy", fails, 10)
		st.Attempts, st.Attestation = attempts, "last"
		return st
	}
	last := statement("screening/academy", v1alpha1.VerdictFailed, 30)
	last.Name = "last"
	type outcome struct {
		Entered, Passed, Failed, Waiting int32
		Median                           float64
	}
	for _, tc := range []struct {
		reason string
		state  v1alpha1.ScreeningState
		step   v1alpha1.ChecklistStep
		status v1alpha1.StepStatus
		want   outcome
	}{
		{"training that failed waits while there are attempts left", v1alpha1.ScreeningInProgress, step("academy", training(3, "")), tried(2), outcome{1, 0, 0, 1, 0}},
		{"training without a limit is never failed for good", v1alpha1.ScreeningInProgress, step("academy", training(0, "")), tried(9), outcome{1, 0, 0, 1, 0}},
		{"the last attempt decides, not the first", v1alpha1.ScreeningFailed, step("academy", training(3, "")), tried(3), outcome{1, 0, 1, 0, 30}},
		{"what is no training has failed", v1alpha1.ScreeningFailed, step("academy"), tried(0), outcome{1, 0, 1, 0, 30}},
		{"a step that nobody describes any more has failed", v1alpha1.ScreeningFailed, step("other"), tried(0), outcome{1, 0, 1, 0, 30}},
		{"nobody waits for an open step once the attempt failed at another", v1alpha1.ScreeningFailed, step("academy"), standsAt("academy", open, 10), outcome{1, 0, 0, 0, 0}},
		{"a step that lapsed is open", v1alpha1.ScreeningLapsed, step("academy"), standsAt("academy", open, 10), outcome{1, 0, 0, 1, 0}},
		{"a waiver passes", v1alpha1.ScreeningPassed, step("academy"), standsAt("academy", waived, 10), outcome{1, 1, 0, 0, 10}},
		{"settled before it opened took no time", v1alpha1.ScreeningPassed, step("academy", notBefore(24)), standsAt("academy", done, 10), outcome{1, 1, 0, 0, 0}},
		{"a step of which nothing is dated took no time", v1alpha1.ScreeningPassed, step("academy"), v1alpha1.StepStatus{Name: "academy", State: done}, outcome{1, 1, 0, 0, 0}},
		{"a step that waits for its time was not entered", v1alpha1.ScreeningInProgress, step("academy"), standsAt("academy", pending, 0), outcome{}},
		{"a step that was left out was not entered", v1alpha1.ScreeningInProgress, step("academy"), standsAt("academy", dropped, 0), outcome{}},
		{"a state that nobody knows is passed over", v1alpha1.ScreeningInProgress, step("academy"), standsAt("academy", "Odd", 0), outcome{}},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			w := worker("ada", screened(tc.state), screening([]v1alpha1.ChecklistStep{tc.step}, tc.status), stating(poolName, last))
			f := count(Input{Steps: []v1alpha1.ChecklistStep{step("academy")}, Members: []v1alpha1.Worker{w}}).Funnel[0]
			got := outcome{f.Entered, f.Passed, f.Failed, f.Waiting, 0}
			if f.Median != nil {
				got.Median = f.Median.Hours()
			}
			if diff := gocmp.Diff(tc.want, got); diff != "" {
				t.Errorf("the step counts otherwise (-expected +got):\n%s", diff)
			}
		})
	}
}

func TestLapsedTrainingOpensWhenItLapsed(t *testing.T) {
	const yearAndDay = 366 * 24
	steps := []v1alpha1.ChecklistStep{step("academy", training(0, "P1Y"))}
	low := statement("screening/academy", v1alpha1.VerdictDone, 1)
	low.Score = new(int32)
	ignored := statement("screening/academy", v1alpha1.VerdictDone, 20)
	ignored.Ignored = "SelfDealing"
	w := worker("ada", screening(steps, standsAt("academy", done, yearAndDay+5)),
		stating(poolName, statement("screening/academy", v1alpha1.VerdictDone, 24)), stating(poolName, statement("screening/academy", v1alpha1.VerdictDone, yearAndDay+5)),
		stating(poolName, low), stating(poolName, ignored), stating("developers", statement("screening/academy", v1alpha1.VerdictDone, 28)))
	if got := count(Input{Steps: steps, Members: []v1alpha1.Worker{w}}).Funnel[0].Median; got.Duration != 5*time.Hour {
		t.Errorf("passing anew took %v, expected the 5 h since the pass of a year before lapsed", got.Duration)
	}
}

func TestStepsAheadOfTheEndOpenByIt(t *testing.T) {
	steps := []v1alpha1.ChecklistStep{step("skipped"), step("handover", beforeEnd(48), after("skipped")), step("return")}
	ended := func(cause v1alpha1.EndingCause, noticed, hours float64) func(*v1alpha1.Engagement) {
		return func(e *v1alpha1.Engagement) {
			e.Status.Ending = &v1alpha1.Ending{Cause: cause, At: at(hours), NoticedAt: moment(noticed)}
			e.Status.EndedAt = moment(hours)
			e.Status.Offboarding.StartedAt = moment(hours + 10)
		}
	}
	for _, tc := range []struct {
		reason string
		change func(*v1alpha1.Engagement)
		// since is when the handover was done, and took how long that was after it opened.
		since, took float64
	}{
		{"the planned end is ahead", func(*v1alpha1.Engagement) {}, 970, 18},
		{"the planned end has come", ended(v1alpha1.EndPlanned, 1000, 1000), 1005, 53},
		{"an earlier end is ahead", func(e *v1alpha1.Engagement) {
			e.Status.Ending = &v1alpha1.Ending{Cause: v1alpha1.EndTermination, At: at(500)}
		}, 470, 18},
		{"an earlier end came that was known", ended(v1alpha1.EndResignation, 300, 500), 470, 18},
		{"an end came that nobody could prepare for: it opens with Offboarding", ended(v1alpha1.EndTermination, 500, 500), 530, 20},
		{"the work is shorter than the time ahead: it opens with the acceptance", func(e *v1alpha1.Engagement) { e.Status.Terms.StatementOfWork.End = at(140) }, 130, 30},
		{"the end was brought forward in the spec", func(e *v1alpha1.Engagement) { e.Spec.StatementOfWork.End = at(600) }, 570, 18},
	} {
		t.Run(tc.reason, func(t *testing.T) {
			e := engagement("e", lived(0, 100, 110))
			e.Spec.StatementOfWork.End, e.Status.Terms.StatementOfWork.End = at(1000), at(1000)
			e.Status.Offboarding = &v1alpha1.ProcedureStatus{Definition: steps}
			tc.change(&e)
			e.Status.Offboarding.Steps = []v1alpha1.StepStatus{standsAt("skipped", dropped, 505), standsAt("handover", done, tc.since), standsAt("return", pending, 0)}
			got := count(Input{Engagements: []v1alpha1.Engagement{e}}).SlowestSteps
			want := []v1alpha1.SlowStep{{Step: "offboarding/handover", Median: *lasting(tc.took), Sample: 1}}
			if diff := gocmp.Diff(want, got); diff != "" {
				t.Errorf("the handover took otherwise (-expected +got):\n%s", diff)
			}
		})
	}
}

func TestTheSlowestStepsOfAllAreasAreListed(t *testing.T) {
	procedure := func(statuses ...v1alpha1.StepStatus) *v1alpha1.ProcedureStatus {
		return &v1alpha1.ProcedureStatus{StartedAt: moment(0), Steps: statuses}
	}
	running := engagement("running", lived(-10, 0, 100), func(e *v1alpha1.Engagement) {
		e.Status.Onboarding = procedure(standsAt("nda", done, 30), standsAt("laptop", open, 0), standsAt("tools", done, 0), standsAt("badge", done, 2))
	})
	over := engagement("over", lived(-10, 0, 100), func(e *v1alpha1.Engagement) {
		e.Status.EndedAt, e.Status.Phase = moment(400), v1alpha1.PhaseOffboarding
		e.Status.Onboarding = procedure(standsAt("nda", done, 50), standsAt("laptop", open, 0), standsAt("course", notDone, 400))
		e.Status.Offboarding = procedure(standsAt("return", done, 90), standsAt("exit-talk", open, 0))
		e.Status.Offboarding.Definition = []v1alpha1.ChecklistStep{step("return")}
	})
	member := worker("ada", screening(nil, standsAt("nda", done, 20), standsAt("trial", done, 40), standsAt("talk", done, 20)))
	got := count(Input{Members: []v1alpha1.Worker{member}, Engagements: []v1alpha1.Engagement{running, over}}).SlowestSteps
	want := []v1alpha1.SlowStep{
		{Step: "offboarding/return", Median: *lasting(90), Sample: 1},
		{Step: "onboarding/nda", Median: *lasting(40), Sample: 2},
		{Step: "screening/trial", Median: *lasting(40), Sample: 1},
		{Step: "screening/nda", Median: *lasting(20), Sample: 1},
		{Step: "screening/talk", Median: *lasting(20), Sample: 1},
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		t.Errorf("the five slowest are others (-expected +got):\n%s", diff)
	}
	running.Status.Onboarding.Steps = append(running.Status.Onboarding.Steps, standsAt("nda", open, 60))
	for _, s := range count(Input{Engagements: []v1alpha1.Engagement{running, over}}).SlowestSteps {
		if s.Step == "onboarding/nda" && s.Waiting != 1 {
			t.Errorf("%d wait for %s, expected the one whose engagement has not ended", s.Waiting, s.Step)
		}
	}
}

// The census derives from what is stored when a step opened; the checklist knows it while it runs.
func TestWhenAStepOpenedIsWhatTheChecklistShowed(t *testing.T) {
	compared := 0
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 3))
		steps, records := randomProcedure(r)
		began := map[string]float64{}
		var result checklist.Result
		const horizon = 60
		for hour := range horizon {
			until := slices.DeleteFunc(slices.Clone(records), func(a v1alpha1.AttestationRecord) bool { return a.At.After(at(float64(hour)).Time) })
			result = checklist.Evaluate(checklist.Input{
				Area: checklist.Onboarding, Steps: steps, Open: true, StartedAt: start, Records: until, Previous: result.Steps, Now: at(float64(hour)).Time,
			})
			for _, st := range result.Steps {
				if _, is := began[st.Name]; !is && st.State != pending {
					began[st.Name] = float64(hour)
				}
			}
		}
		p := &procedure{area: checklist.Onboarding, definition: steps, steps: result.Steps, started: moment(0), records: slices.Values(pointers(records))}
		for _, fact := range p.facts() {
			if fact.outcome != passed {
				continue
			}
			st := result.Steps[slices.IndexFunc(result.Steps, func(s v1alpha1.StepStatus) bool { return s.Name == fact.key.name })]
			want := max(st.Since.Sub(at(began[st.Name]).Time), 0)
			if fact.took != want {
				t.Fatalf("seed %d: step %s took %v from its opening in hour %v, expected %v", seed, st.Name, fact.took, began[st.Name], want)
			}
			compared++
		}
	}
	if compared < 300 {
		t.Errorf("only %d steps were compared, which shows nothing", compared)
	}
}

// randomProcedure has steps that depend on those before them, and what was stated of them at whole hours: Done once, or a waiver.
func randomProcedure(r *rand.Rand) ([]v1alpha1.ChecklistStep, []v1alpha1.AttestationRecord) {
	var steps []v1alpha1.ChecklistStep
	var records []v1alpha1.AttestationRecord
	for i := range 2 + r.IntN(6) {
		s := step(fmt.Sprintf("s-%d", i))
		if r.IntN(3) == 0 {
			s.NotBefore = lasting(float64(r.IntN(20)))
		}
		for j := range i {
			if r.IntN(3) == 0 {
				s.DependsOn = append(s.DependsOn, steps[j].Name)
			}
		}
		steps = append(steps, s)
		switch stated := float64(r.IntN(40)); r.IntN(6) {
		case 0:
			records = append(records, statement("waiver/onboarding."+s.Name, v1alpha1.VerdictWaived, stated))
		case 1:
		default:
			records = append(records, statement("onboarding/"+s.Name, v1alpha1.VerdictDone, stated))
		}
	}
	slices.SortFunc(records, func(a, b v1alpha1.AttestationRecord) int { return cmp.Compare(a.UID, b.UID) })
	return steps, records
}

func pointers[T any](list []T) []*T {
	all := make([]*T, 0, len(list))
	for i := range list {
		all = append(all, &list[i])
	}
	return all
}
