package terms

import (
	"slices"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// InForce are the terms by which an engagement runs at present.
type InForce struct {
	// Start of the work, as accepted.
	Start time.Time
	// End of the work and, after Grace, of its access.
	End time.Time
	// Grace is how long access outlives a planned end, before a profile's maxGrace is applied.
	Grace time.Duration
	// Access lists AccessProfiles by name, sorted.
	Access []string
	// StatementOfWork as accepted, with the accepted rate filled in where the worker's own was taken.
	StatementOfWork *v1alpha1.StatementOfWork
}

// Narrower gives the terms in force while an amendment may be under way. What was accepted holds, but access follows the
// narrower of spec and accepted terms: the earlier end, the shorter grace, and only profiles in both. So a shorter end or a
// withdrawn profile takes effect at once, and nothing wider does before both sides agreed. Before anyone accepted, accepted is
// nil and the spec alone counts.
func Narrower(accepted *v1alpha1.AcceptedTerms, spec *v1alpha1.EngagementSpec) InForce {
	wanted := InForce{
		Start:           spec.StatementOfWork.Start.Time,
		End:             spec.StatementOfWork.End.Time,
		Grace:           AccessGrace(spec),
		Access:          profiles(spec.Access),
		StatementOfWork: spec.StatementOfWork.DeepCopy(),
	}
	if accepted == nil {
		return wanted
	}
	sow := accepted.StatementOfWork.DeepCopy()
	sow.Rate = acceptedRate(accepted).DeepCopy()
	return InForce{
		Start: sow.Start.Time,
		End:   earlier(sow.End.Time, wanted.End),
		Grace: min(length(accepted.AccessGrace, 0), wanted.Grace),
		Access: slices.DeleteFunc(profiles(accepted.Access), func(profile string) bool {
			return !slices.Contains(wanted.Access, profile)
		}),
		StatementOfWork: sow,
	}
}

// GrantExpiry is when access ends at the latest: at the end plus the smaller of both graces, but never past the tenure limit.
// An end for cause has no grace. The profile's maxDuration counts from the first grant and is the caller's to apply.
func GrantExpiry(end time.Time, accessGrace, maxGrace time.Duration, forCause bool, tenure *time.Time) time.Time {
	expiry := end
	if !forCause {
		expiry = end.Add(max(0, min(accessGrace, maxGrace)))
	}
	if tenure != nil {
		return earlier(expiry, *tenure)
	}
	return expiry
}

func profiles(access []v1alpha1.AccessRequest) []string {
	names := make([]string, 0, len(access))
	for _, request := range access {
		names = append(names, request.Name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
