package worker

import (
	"cmp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/checklist"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

// maxCertificates is how many certificates a worker's status keeps.
const maxCertificates = 128

// certificates are what the worker holds: what was earned before, without what has since been failed, and what is earned now.
// What was earned in an engagement or a pool that is gone stays: the person still has it.
func (p *pass) certificates() []v1alpha1.Certificate {
	var earned []v1alpha1.Certificate
	held := slices.Clone(p.Worker.Status.Certificates)
	for _, sc := range p.screenings {
		if sc.course == nil {
			continue
		}
		source := "TalentPool/" + sc.pool.Namespace + "/" + sc.pool.Name
		held = slices.DeleteFunc(held, func(c v1alpha1.Certificate) bool { return c.Source == source && sc.course.lost(c) })
		for _, c := range sc.course.Earned {
			c.Source = source
			earned = append(earned, c)
		}
	}
	for i := range p.Engagements {
		e := &p.Engagements[i]
		if !p.engagedIn(e) || e.Status.Onboarding == nil {
			continue
		}
		source := "Engagement/" + e.Namespace + "/" + e.Name
		held = slices.DeleteFunc(held, func(c v1alpha1.Certificate) bool { return c.Source == source && failedIn(e, c.Name) })
		earned = append(earned, earnedIn(e, source)...)
	}
	held = mergeCertificates(held, earned)
	if len(held) > maxCertificates {
		// Those that expired first say the least.
		slices.SortStableFunc(held, func(a, b v1alpha1.Certificate) int { return compareValidity(&b, &a) })
		held = held[:maxCertificates]
	}
	slices.SortFunc(held, func(a, b v1alpha1.Certificate) int { return strings.Compare(a.Name, b.Name) })
	return held
}

// earnedIn are the certificates of an engagement's onboarding: of training that was attested there, not carried over or waived.
func earnedIn(e *v1alpha1.Engagement, source string) []v1alpha1.Certificate {
	var earned []v1alpha1.Certificate
	for i := range e.Status.Onboarding.Definition {
		step := &e.Status.Onboarding.Definition[i]
		if step.Training == nil || step.Training.Certificate == "" {
			continue
		}
		s := stepStatus(e.Status.Onboarding.Steps, step.Name)
		if s == nil || s.State != v1alpha1.StepDone || s.Attestation == "" {
			continue
		}
		record := recordNamed(e.Status.Attestations, s.Attestation, checklist.Onboarding.Claim(step.Name))
		if record == nil {
			continue
		}
		c := v1alpha1.Certificate{Name: step.Training.Certificate, EarnedAt: record.At, Score: record.Score, Source: source}
		if step.Training.ValidFor != "" {
			expires, err := terms.AddPeriod(record.At.Time, step.Training.ValidFor)
			if err != nil {
				// How long it lasts is not known, so nothing may be carried over by it; the checklist says what is wrong.
				continue
			}
			c.ExpiresAt = &metav1.Time{Time: expires}
		}
		earned = append(earned, c)
	}
	return earned
}

func recordNamed(records []v1alpha1.AttestationRecord, name, claim string) *v1alpha1.AttestationRecord {
	for i := range records {
		if records[i].Name == name && records[i].Claim == claim {
			return &records[i]
		}
	}
	return nil
}

// failedIn says whether the training that gives a certificate was failed in an engagement's onboarding.
func failedIn(e *v1alpha1.Engagement, certificate string) bool {
	return slices.ContainsFunc(e.Status.Onboarding.Definition, func(step v1alpha1.ChecklistStep) bool {
		s := stepStatus(e.Status.Onboarding.Steps, step.Name)
		return step.Training != nil && step.Training.Certificate == certificate && s != nil && s.State == v1alpha1.StepFailed
	})
}

// mergeCertificates keeps of each name the certificate that lasts longest.
func mergeCertificates(held, earned []v1alpha1.Certificate) []v1alpha1.Certificate {
	var merged []v1alpha1.Certificate
	for _, c := range slices.Concat(held, earned) {
		i := slices.IndexFunc(merged, func(m v1alpha1.Certificate) bool { return m.Name == c.Name })
		switch {
		case i < 0:
			merged = append(merged, *c.DeepCopy())
		case compareValidity(&c, &merged[i]) > 0:
			merged[i] = *c.DeepCopy()
		}
	}
	return merged
}

// compareValidity orders certificates by how long they last, those without end last, and then by anything that tells them apart.
func compareValidity(a, b *v1alpha1.Certificate) int {
	switch {
	case a.ExpiresAt == nil && b.ExpiresAt != nil:
		return 1
	case a.ExpiresAt != nil && b.ExpiresAt == nil:
		return -1
	case a.ExpiresAt != nil && !a.ExpiresAt.Equal(b.ExpiresAt):
		return a.ExpiresAt.Compare(b.ExpiresAt.Time)
	default:
		return cmp.Or(b.EarnedAt.Compare(a.EarnedAt.Time), strings.Compare(b.Source, a.Source))
	}
}
