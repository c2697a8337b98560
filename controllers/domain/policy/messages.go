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
	// maxSaid and maxSource bound the parts that other people wrote, so that what to do is not cut off.
	maxSaid, maxSource = 400, 240
	// problemsTold is how many of a policy's problems are told on every engagement; its status has all.
	problemsTold = 2
)

// consequence says what to do about a rule that does not hold, by its enforcement.
var consequence = map[v1alpha1.Enforcement]string{
	v1alpha1.EnforceDeny:            "change what the rule asks for; until then nobody is engaged, and nothing new is granted",
	v1alpha1.EnforceRequireApproval: "change what the rule asks for, or have one more person approve",
	v1alpha1.EnforceWarn:            "nothing is held; look into it",
	v1alpha1.EnforceEnd:             "change what the rule asks for; once somebody has accepted, the engagement ends by it",
}

// finding is about what the policy asks for beside its rules.
func finding(p *v1alpha1.CompliancePolicy, what, todo string) v1alpha1.Finding {
	return v1alpha1.Finding{
		Policy: p.Name, Enforcement: v1alpha1.EnforceDeny,
		Message: clip(fmt.Sprintf("policy %s (%s) %s; %s", p.Name, source(p), clip(what, maxSaid), todo), maxMessage),
	}
}

func ruleFinding(p *v1alpha1.CompliancePolicy, r *v1alpha1.PolicyRule, what, todo string) v1alpha1.Finding {
	return v1alpha1.Finding{
		Policy: p.Name, Rule: r.Name, Enforcement: r.Enforcement,
		Message: clip(fmt.Sprintf("policy %s, rule %s (%s): %s; %s", p.Name, r.Name, source(p), clip(what, maxSaid), todo), maxMessage),
	}
}

// unreadable is about a policy with problems.
func unreadable(p *v1alpha1.CompliancePolicy, problems []string) v1alpha1.Finding {
	told := problems[:min(len(problems), problemsTold)]
	what := "applies and cannot be evaluated: " + strings.Join(told, "; ")
	if more := len(problems) - len(told); more > 0 {
		what = fmt.Sprintf("%s; and %d more", clip(what, maxSaid-20), more)
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
