package policy

import (
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

// determine and determineAnew are what to do where a determination is lacking.
const (
	determine       = classifier + " states it" + asDetermination
	determineAnew   = classifier + " states it anew" + asDetermination
	classifier      = "somebody with the verb classify who is neither a requester nor the worker"
	asDetermination = " by an Attestation determination/classification whose terms are status.proposed.classification"
)

// determination that the policy asks for. The result is until when it counts, or nil if none does.
func (j *judgement) determination(p *v1alpha1.CompliancePolicy, whole bool) *time.Time {
	if p.Spec.Determination == nil {
		return nil
	}
	lack := func(what, todo string) {
		if whole {
			j.leaveToLegal(finding(p, what, todo))
		}
	}
	newest, outdated := j.determined()
	if newest == nil {
		if outdated {
			lack("asks for a determination of the classification, and spec.classification has changed since it was determined", determineAnew)
		} else {
			lack("asks for a determination of the classification, and nobody has determined it", determine)
		}
		return nil
	}
	expiry, err := terms.AddPeriod(newest.At.Time, p.Spec.Determination.ValidFor)
	if err != nil {
		expiry = newest.At.Time // Only past the year 9999; nothing counts that long.
	}
	if !j.Now.Before(expiry) {
		lack("asks for a determination of the classification at least every "+p.Spec.Determination.ValidFor+", and the last expired at "+stamp(expiry), determineAnew)
		return nil
	}
	j.look(expiry)
	if whole {
		j.keepDetermination(newest, expiry)
	}
	if requested := j.Engagement.Spec.Classification.WorkerType; newest.WorkerType != requested && whole {
		j.violate(finding(p, "goes by the classification that was determined, which is "+string(newest.WorkerType)+", and spec.classification.workerType is "+string(requested),
			"set it to "+string(newest.WorkerType)+", or have the classification determined anew"))
	}
	if expiry.Before(j.plannedEnd()) && applies(p, expiry) && j.ahead(expiry, defaultWarnBefore) && whole {
		j.warn(finding(p, "asks for a determination of the classification, and the one that counts expires at "+stamp(expiry)+", before the end of the work",
			"until then "+determineAnew), expiry)
	}
	return &expiry
}

// keepDetermination of the shortest time.
func (j *judgement) keepDetermination(r *v1alpha1.AttestationRecord, expiry time.Time) {
	if d := j.Determination; d == nil || expiry.Before(d.ExpiresAt.Time) {
		j.Determination = &v1alpha1.DeterminationStatus{Attestation: r.UID, WorkerType: r.WorkerType, At: r.At, ExpiresAt: &metav1.Time{Time: expiry}}
	}
}

// determined is the newest determination that covers the present classification, and whether there are others that do not. In the same second the one that
// contradicts the spec counts, as a refusal does.
func (j *judgement) determined() (newest *v1alpha1.AttestationRecord, outdated bool) {
	contradicts := func(r *v1alpha1.AttestationRecord) bool {
		return r.WorkerType != j.Engagement.Spec.Classification.WorkerType
	}
	for i := range j.Statements {
		r := &j.Statements[i]
		if r.Claim != "determination/classification" || r.Verdict != v1alpha1.VerdictDetermined || r.Ignored != "" {
			continue
		}
		if r.Terms != j.Classification {
			outdated = true
			continue
		}
		switch {
		case newest == nil, r.At.After(newest.At.Time):
			newest = r
		case r.At.Equal(&newest.At) && (contradicts(r) && !contradicts(newest) || contradicts(r) == contradicts(newest) && strings.Compare(string(r.UID), string(newest.UID)) > 0):
			newest = r
		}
	}
	return newest, outdated
}
