package engagement

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

var update = flag.Bool("update", false, "write the golden logs anew")

const seeds = 30

// TestTheWorkedCasesFromFirstToLast lets the two worked cases run from the first line of YAML to the last sealed file, with people who only do what waitingFor
// asks of them, passes in random order that read late and are killed anywhere, and a clock that goes from event to event. Whatever the order, the story is the
// same, and so is every status at its end.
func TestTheWorkedCasesFromFirstToLast(t *testing.T) {
	golden := filepath.Join("testdata", "worked-cases.log")
	var last map[string]*v1alpha1.Engagement
	for seed := range uint64(seeds) {
		story := tell(t, seed)
		if *update && seed == 0 {
			if err := os.WriteFile(golden, story.log.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(story.log.String(), "\n")); diff != "" {
			t.Fatalf("with seed %d the story differs from %s; look closely, then go test -run WorkedCases -update (-golden +now):\n%s", seed, golden, diff)
		}
		for _, eng := range story.w.engagements {
			eng.ResourceVersion = "" // How many writes it took may differ, and with it whether a state that lasted for no time was seen.
			for i := range eng.Status.Conditions {
				eng.Status.Conditions[i].LastTransitionTime = metav1.Time{}
			}
		}
		if diff := diff(last, story.w.engagements); last != nil && diff != "" {
			t.Fatalf("the same facts in another order must give the same statuses, but seed %d gives (-before +now):\n%s", seed, diff)
		}
		last = story.w.engagements
	}
}

// story is one run of the worked cases.
type story struct {
	w    *world
	cast *cast
	log  bytes.Buffer
	// told is what was last logged of each thing.
	told map[string]string
	// events to come that no wait asks for.
	events []reaction
}

func tell(t *testing.T, seed uint64) *story {
	t.Helper()
	s := begin(t, seed)
	s.run(seed)
	return s
}

// begin is a story of which nothing has happened yet.
func begin(t *testing.T, seed uint64) *story {
	t.Helper()
	w := theWorkedCases(t)
	w.rnd, w.leaders, w.noise, w.closeLooks = rand.New(rand.NewPCG(seed, 7)), rand.New(rand.NewPCG(seed, 8)), true, 10
	s := &story{w: w, told: map[string]string{}, cast: &cast{w: w, answered: map[string]bool{}, tried: map[string]int{}}}
	s.events = []reaction{
		{on("2026-11-16 10:00"), func() {
			w.state(anAttestation("approval/stage.Budget").By("lena").Says(v1alpha1.VerdictApproved).Of("qa").Terms(w.eng("qa").Status.Proposed.Hash))
		}},
		{on("2026-12-18 10:00"), func() {
			w.state(said(v1alpha1.VerdictResigned, "bruno").Of("back-end").Effective("2026-12-22 18:00"))
		}},
		{on("2026-12-18 14:00"), func() { w.add(aReplacementDeveloper()) }},
	}
	return s
}

// run lets the story happen to its end.
func (s *story) run(seed uint64) {
	s.w.t.Helper()
	for range 2000 {
		s.w.settle()
		s.note()
		s.cast.read()
		if !s.step() {
			s.epilogue()
			return
		}
	}
	s.w.t.Fatalf("with seed %d the story does not end: it is %s", seed, s.w.now.Format(time.DateTime))
}

// step goes on to the next moment at which anything happens, and lets it happen in any order. It says whether there is one.
func (s *story) step() bool {
	w := s.w
	var moments []time.Time
	for _, r := range append(slices.Clone(s.events), s.cast.due...) {
		moments = append(moments, r.at)
	}
	moments = append(moments, w.alarms()...)
	if len(moments) == 0 {
		return false
	}
	next := slices.MinFunc(moments, time.Time.Compare)
	w.checkQuiet(next)
	w.now = next
	now := s.cast.happening()
	s.events = slices.DeleteFunc(s.events, func(r reaction) bool {
		if r.at.Equal(w.now) {
			now = append(now, r)
		}
		return r.at.Equal(w.now)
	})
	shuffle(w.rnd, now)
	for _, r := range now {
		r.do()
		for w.rnd.IntN(2) == 0 {
			w.anything()
		}
	}
	return true
}

// note logs what was said and what changed, at rest.
func (s *story) note() {
	w := s.w
	for _, att := range values(w.atts) {
		line := fmt.Sprintf("%s: %s %s", att.Spec.Author.Username, att.Spec.Claim, att.Spec.Verdict)
		if att.Spec.Score != nil {
			line += fmt.Sprintf(" %d", *att.Spec.Score)
		}
		if att.Status != nil {
			line += fmt.Sprintf(" (does not count: %s)", att.Status.Reason)
		}
		s.tell(att.Name, att.Spec.SubjectRef.Name, line)
	}
	for _, eval := range values(w.evals) {
		line := fmt.Sprintf("%s: evaluation %s %s", eval.Spec.Author.Username, eval.Spec.Kind, eval.Spec.Period)
		if eval.Status != nil {
			line += fmt.Sprintf(" (does not count: %s)", eval.Status.Reason)
		}
		s.tell(eval.Name, eval.Spec.EngagementRef.Name, strings.TrimSpace(line))
	}
	for _, eng := range values(w.engagements) {
		st := &eng.Status
		s.tell(eng.Name+" phase", eng.Name, "→ "+string(st.Phase))
		if st.EndedAt != nil {
			s.tell(eng.Name+" end", eng.Name, "→ ended by "+string(st.Ending.Cause))
		}
		for _, g := range values(w.grants) {
			if g.Spec.EngagementRef.UID == eng.UID {
				s.tell(g.Name, eng.Name, fmt.Sprintf("→ access to %s is %s %s", g.Spec.Profile, g.Status.State, g.Spec.Withdraw))
			}
		}
		for _, d := range st.Deliverables {
			s.tell(eng.Name+" "+d.Name, eng.Name, fmt.Sprintf("→ %s is %s", d.Name, d.State))
		}
		var waits []string
		for _, wait := range st.WaitingFor {
			waits = append(waits, wait.What+" by "+wait.Who)
		}
		if st.Phase != v1alpha1.PhaseClosed {
			s.tell(eng.Name+" waits", eng.Name, "  waits for "+strings.Join(waits, ", "))
		}
		compliant := condition(st.Conditions, v1alpha1.ConditionCompliant)
		s.tell(eng.Name+" compliant", eng.Name, fmt.Sprintf("→ compliant: %s, %d warnings", compliant.Status, warnings(st)))
		if stalled := condition(st.Conditions, v1alpha1.ConditionStalled); stalled.Status == "True" {
			s.tell(eng.Name+" stalled", eng.Name, "! stalled: "+stalled.Message)
		}
	}
}

func warnings(st *v1alpha1.EngagementStatus) int {
	if st.Compliance == nil {
		return 0
	}
	return len(st.Compliance.Warnings)
}

func (s *story) tell(what, who, line string) {
	line = strings.TrimRight(line, " ")
	if s.told[what] == line {
		return
	}
	s.told[what] = line
	fmt.Fprintf(&s.log, "%s  %-24s  %s\n", s.w.now.Format("2006-01-02 15:04"), who, line)
}

// epilogue says how it all ended, and checks that it did.
func (s *story) epilogue() {
	s.w.t.Helper()
	for _, eng := range values(s.w.engagements) {
		st := &eng.Status
		if st.Phase != v1alpha1.PhaseClosed || st.Access.Owed > 0 {
			s.w.t.Fatalf("nothing more happens, but %s is %s and waits for %s", eng.Name, st.Phase, st.Waiting)
		}
		record := s.w.dossiers[st.Dossier.Name].Spec.Record
		fmt.Fprintf(&s.log, "\n%s: %s, %s, score %s, %s %s accepted of %s, file %s, kept until %s by %s\n", eng.Name, st.Outcome, st.Worker.Name, st.Score, st.Spend.Accepted, st.Spend.Currency, eng.Spec.StatementOfWork.Budget.Amount, st.Dossier.Name, record.RetainUntil.UTC().Format(time.DateOnly), record.RetainedBy)
		for _, k := range st.KPIs {
			fmt.Fprintf(&s.log, "  %s %s of %d\n", k.Name, k.Value, k.Sample)
		}
		for _, p := range st.Phases {
			fmt.Fprintf(&s.log, "  %s %s\n", p.EnteredAt.UTC().Format("2006-01-02 15:04"), p.Name)
		}
		for _, e := range st.Access.Grants {
			fmt.Fprintf(&s.log, "  access to %s is %s\n", e.Profile, e.State)
		}
	}
}
