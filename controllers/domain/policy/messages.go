package policy

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

const (
	// maxMessage is what a Finding can hold, in characters.
	maxMessage = 1024
	// maxSource and maxTold bound the parts that nobody has to read to the end.
	maxSource, maxTold = 240, 400
	// problemsTold is how many of a policy's problems are told on every engagement; its status has all.
	problemsTold = 2
)

// follows is what follows from a rule that does not hold, by its enforcement: before somebody has accepted, and after.
var follows = map[v1alpha1.Enforcement]struct{ before, after string }{
	v1alpha1.EnforceDeny:            {"until it holds nobody is engaged", "until it holds nothing new is granted; who is engaged keeps what they have until it expires"},
	v1alpha1.EnforceRequireApproval: {"otherwise one more person has to approve", "otherwise one more person has to approve, and nothing new is granted until then"},
	v1alpha1.EnforceWarn:            {"nothing is held by it", "nothing is held by it"},
	v1alpha1.EnforceEnd:             {"until it holds nobody is engaged", "the engagement ends by it, and its access"},
}

// consequence of a rule that does not hold. A messageExpression has said what to do; where there is none, this says it too.
func (j *judgement) consequence(e v1alpha1.Enforcement, told bool) string {
	then := follows[e].before
	if j.Engagement.Status.Terms != nil {
		then = follows[e].after
	}
	if told {
		return then
	}
	return "change the engagement so that it holds; " + then
}

// finding is about what the policy asks for beside its rules.
func finding(p *v1alpha1.CompliancePolicy, what, todo string) v1alpha1.Finding {
	return v1alpha1.Finding{
		Policy: p.Name, Enforcement: v1alpha1.EnforceDeny,
		Message: compose(fmt.Sprintf("policy %s (%s) ", p.Name, source(p)), what, todo),
	}
}

func ruleFinding(p *v1alpha1.CompliancePolicy, r *v1alpha1.PolicyRule, what, todo string) v1alpha1.Finding {
	return v1alpha1.Finding{
		Policy: p.Name, Rule: r.Name, Enforcement: r.Enforcement,
		Message: compose(fmt.Sprintf("policy %s, rule %s (%s): ", p.Name, r.Name, source(p)), what, todo),
	}
}

// compose a message of whose words they are, what they say, and what to do. Where there is too much, the middle of what they say is left out: policies end with what to
// do as messages do.
func compose(whose, what, todo string) string {
	if todo != "" {
		todo = "; " + todo
	}
	room := maxMessage - utf8.RuneCountInString(whose) - utf8.RuneCountInString(todo)
	return whose + clipMiddle(what, room) + todo
}

// unreadable is about a policy with problems.
func unreadable(p *v1alpha1.CompliancePolicy, problems []string) v1alpha1.Finding {
	told := problems[:min(len(problems), problemsTold)]
	what := "applies and cannot be evaluated: " + strings.Join(told, "; ")
	if more := len(problems) - len(told); more > 0 {
		what = fmt.Sprintf("%s; and %d more", clip(what, maxTold), more)
	}
	f := finding(p, what, "have its owner mend the policy, or exclude the engagement by spec.appliesTo")
	f.Undecided = true
	return f
}

// source of a policy as people cite it.
func source(p *v1alpha1.CompliancePolicy) string {
	s := p.Spec.Source.Title
	if p.Spec.Source.Citation != "" {
		s += ", " + p.Spec.Source.Citation
	}
	return clip(s, maxSource)
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// clip shortens a text to so many characters.
func clip(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

// clipMiddle shortens a text to so many characters, at least one, and keeps how it begins and how it ends.
func clipMiddle(s string, most int) string {
	all := []rune(s)
	if len(all) <= most {
		return s
	}
	kept := max(most, 1) - 1
	return string(all[:(kept+1)/2]) + "…" + string(all[len(all)-kept/2:])
}
