package checklist

import (
	"strings"
	"testing"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestValidateSaysWhichStepWhichFieldAndWhatToDo(t *testing.T) {
	tests := []struct {
		name   string
		reason string
		steps  []v1alpha1.ChecklistStep
		want   []string
	}{
		{
			name:   "an ordinary procedure",
			reason: "dependencies in any order, a diamond, and times that fit are how procedures are written",
			steps: steps(step("walkthrough", after("nda", "chat")), step("nda"), step("chat", after("nda")),
				step("review", after("walkthrough", "chat"), notBefore(24*time.Hour), dueAfter(48*time.Hour))),
		},
		{
			name:   "an unknown name",
			reason: "a step that waits for nothing that exists would wait for ever",
			steps:  steps(step("a", after("nad"))),
			want:   []string{`step "a": dependsOn names "nad"`, "correct the name"},
		},
		{
			name:   "a cycle of two",
			reason: "the path tells which dependency to remove",
			steps:  steps(step("a", after("b")), step("b", after("a"))),
			want:   []string{`step "a": dependsOn`, "a → b → a", "remove one"},
		},
		{
			name:   "a cycle behind an innocent step",
			reason: "the path holds the cycle only, not the way to it",
			steps:  steps(step("start", after("a")), step("a", after("b")), step("b", after("c")), step("c", after("a"))),
			want:   []string{`step "a"`, "itself, a → b → c → a:"},
		},
		{
			name:   "a step that depends on itself",
			reason: "the shortest cycle is one as well",
			steps:  steps(step("a", after("a"))),
			want:   []string{"a → a"},
		},
		{
			name:   "two steps of one name",
			reason: "a statement would speak of both",
			steps:  steps(step("a"), step("a")),
			want:   []string{`step "a": name is given twice`},
		},
		{
			name:   "a check that does not compile",
			reason: "its author learns it, and not everyone who waits for it",
			steps:  steps(step("skills", checking("worker.spec.skills.exists(s"))),
			want:   []string{`step "skills": check.expression does not compile`, "correct it"},
		},
		{
			name:   "a check that yields a number",
			reason: "only true and false open a gate",
			steps:  steps(step("skills", checking("size(worker)"))),
			want:   []string{"yields int and must yield true or false"},
		},
		{
			name:   "a check without an expression, an access step without a profile, training without content",
			reason: "all that is wrong is said at once",
			steps:  steps(step("c", ofType(v1alpha1.StepCheck)), step("a", ofType(v1alpha1.StepAccess)), step("t", ofType(v1alpha1.StepTraining))),
			want:   []string{`step "c": check is missing`, `step "a": access.profile is missing`, `step "t": training is missing`},
		},
		{
			name:   "a validity without a certificate",
			reason: "nothing would carry over, and its author thinks otherwise",
			steps:  steps(step("gdpr", training(v1alpha1.Training{ValidFor: "P1Y"}))),
			want:   []string{`step "gdpr": training.validFor`, "give training.certificate"},
		},
		{
			name:   "a validity that is no period",
			reason: "the schema's pattern lets a lone number of nothing through in old objects",
			steps:  steps(step("gdpr", training(v1alpha1.Training{Certificate: "gdpr", ValidFor: "1 year"}))),
			want:   []string{`step "gdpr": training.validFor cannot be read`, "P1Y"},
		},
		{
			name:   "beforeEnd with notBefore",
			reason: "one counts to the end, the other from a phase that begins after it",
			steps:  steps(step("handover", beforeEnd(120*time.Hour), notBefore(time.Hour))),
			want:   []string{`step "handover": notBefore`, "give one of the two"},
		},
		{
			name:   "beforeEnd behind a step that opens with the phase",
			reason: "it could never open ahead of the end",
			steps:  steps(step("handover", beforeEnd(120*time.Hour), after("interview")), step("interview")),
			want:   []string{`step "handover": beforeEnd has no effect`, `"interview"`},
		},
		{
			name:   "beforeEnd that blocks the assignment",
			reason: "what winds work down cannot hold its start up",
			steps:  steps(step("handover", beforeEnd(120*time.Hour), blocking(v1alpha1.BlocksAssignment))),
			want:   []string{`step "handover": blocks Assignment`},
		},
		{
			name:   "due before it opens, by a step that it depends on",
			reason: "it would be overdue from its first moment",
			steps:  steps(step("late", notBefore(48*time.Hour)), step("soon", after("late"), dueAfter(24*time.Hour))),
			want:   []string{`step "soon": dueAfter is 24h0m0s`, "48h0m0s"},
		},
		{
			name:   "a meeting until, without every",
			reason: "it says for how long to repeat what is held once",
			steps:  steps(step("sync", meetings(v1alpha1.Meeting{Until: length(time.Hour)}))),
			want:   []string{`step "sync": meeting.until`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := Validate(tt.steps)
			if len(tt.want) == 0 {
				if err != nil {
					t.Fatalf("Validate refused a procedure that can be followed (%s): %v", tt.reason, err)
				}
				return
			}
			if err == nil {
				t.Fatalf("Validate found nothing to say, though %s", tt.reason)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("Validate said %q; a person needs to read %q in it, because %s", err, want, tt.reason)
				}
			}
		})
	}
}
