package terms

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/gowebpki/jcs"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// What the API documents for fields that are left out.
const (
	defaultAcceptWithin = 120 * time.Hour
	defaultStartGrace   = 24 * time.Hour
	defaultOfferTimeout = 48 * time.Hour
)

// AcceptWithin is how long after the end work that was submitted in time can still be accepted.
func AcceptWithin(sow *v1alpha1.StatementOfWork) time.Duration {
	return length(sow.AcceptWithin, defaultAcceptWithin)
}

// StartGrace is how long the start may stay unconfirmed.
func StartGrace(sow *v1alpha1.StatementOfWork) time.Duration {
	return length(sow.StartGrace, defaultStartGrace)
}

// OfferTimeout is how long an offer or an amendment waits for its answer.
func OfferTimeout(spec *v1alpha1.EngagementSpec) time.Duration {
	if spec.Recruitment == nil {
		return defaultOfferTimeout
	}
	return length(spec.Recruitment.OfferTimeout, defaultOfferTimeout)
}

// AccessGrace is how long access is asked to outlive a planned end.
func AccessGrace(spec *v1alpha1.EngagementSpec) time.Duration {
	if spec.Offboarding == nil {
		return 0
	}
	return length(spec.Offboarding.AccessGrace, 0)
}

func length(written *metav1.Duration, otherwise time.Duration) time.Duration {
	if written == nil {
		return otherwise
	}
	return max(0, written.Duration)
}

// proposal is the part of a spec that an approval and an acceptance cover. It holds the API's own types, so that a field
// added to them is covered from its first day and, being optional, leaves the digests of older objects as they are.
type proposal struct {
	StatementOfWork v1alpha1.StatementOfWork `json:"statementOfWork"`
	Access          []v1alpha1.AccessRequest `json:"access"`
	Classification  v1alpha1.Classification  `json:"classification"`
	AccessGrace     metav1.Duration          `json:"accessGrace"`
}

// ProposedHash digests what an approval covers: the spec's statement of work, access, classification and access grace, in
// the form of RFC 8785. Specs that mean the same have the same digest: moments are in UTC to the second (as the API server
// stores them in a status), lists with keys are in the order of their keys, numbers and lengths are written in one way, and
// defaults are filled in. It fails on what the schema would refuse.
func ProposedHash(spec *v1alpha1.EngagementSpec) (string, error) {
	p, err := proposed(spec)
	if err != nil {
		return "", fmt.Errorf("digesting the proposed terms: %w", err)
	}
	return digest(p)
}

// ClassificationHash digests a classification alone, in the form of RFC 8785: what a determination covers.
func ClassificationHash(class *v1alpha1.Classification) (string, error) {
	return digest(class)
}

// OfferHash digests what a worker is offered: the proposed terms, to whom, and at which rate. The UID pins the person, so that
// a Worker made anew under the same name cannot take up the old one's offer.
func OfferHash(proposed, worker string, uid types.UID, rate *v1alpha1.Rate) (string, error) {
	offer := struct {
		Proposed  string         `json:"proposed"`
		Worker    string         `json:"worker"`
		WorkerUID types.UID      `json:"workerUID"`
		Rate      *v1alpha1.Rate `json:"rate,omitempty"`
	}{Proposed: proposed, Worker: worker, WorkerUID: uid}
	if rate != nil {
		normal, err := normalRate(rate)
		if err != nil {
			return "", fmt.Errorf("digesting the offer: %w", err)
		}
		offer.Rate = normal
	}
	return digest(offer)
}

// Accept writes down the terms that a worker accepted, with the defaults of that day filled in: a contract keeps its meaning
// when a later version of the operator assumes something else.
func Accept(spec *v1alpha1.EngagementSpec, worker string, rate *v1alpha1.Rate, proposed, offer string, at metav1.Time) *v1alpha1.AcceptedTerms {
	copied := spec.DeepCopy()
	accepted := &v1alpha1.AcceptedTerms{
		StatementOfWork: copied.StatementOfWork,
		Access:          sortedAccess(copied.Access),
		Classification:  copied.Classification,
		AccessGrace:     &metav1.Duration{Duration: AccessGrace(spec)},
		Worker:          worker,
		Rate:            rate.DeepCopy(),
		Proposed:        proposed,
		Hash:            offer,
		AcceptedAt:      at,
	}
	sow := &accepted.StatementOfWork
	fillDefaults(sow)
	sow.Start, sow.End = toSecond(sow.Start), toSecond(sow.End)
	for i := range sow.Deliverables {
		sow.Deliverables[i].Due = toSecond(sow.Deliverables[i].Due)
	}
	return accepted
}

func fillDefaults(sow *v1alpha1.StatementOfWork) {
	sow.AcceptWithin = &metav1.Duration{Duration: AcceptWithin(sow)}
	sow.StartGrace = &metav1.Duration{Duration: StartGrace(sow)}
}

func proposed(spec *v1alpha1.EngagementSpec) (*proposal, error) {
	return normalProposal(&spec.StatementOfWork, spec.Access, spec.Classification, AccessGrace(spec))
}

func agreed(accepted *v1alpha1.AcceptedTerms) (*proposal, error) {
	return normalProposal(&accepted.StatementOfWork, accepted.Access, accepted.Classification, length(accepted.AccessGrace, 0))
}

func normalProposal(sow *v1alpha1.StatementOfWork, access []v1alpha1.AccessRequest, class v1alpha1.Classification, grace time.Duration) (*proposal, error) {
	normal, err := normalStatement(sow)
	if err != nil {
		return nil, err
	}
	return &proposal{
		StatementOfWork: *normal,
		Access:          sortedAccess(access),
		Classification:  *class.DeepCopy(),
		AccessGrace:     metav1.Duration{Duration: grace},
	}, nil
}

func normalStatement(sow *v1alpha1.StatementOfWork) (*v1alpha1.StatementOfWork, error) {
	normal := sow.DeepCopy()
	fillDefaults(normal)
	normal.Start, normal.End = toSecond(sow.Start), toSecond(sow.End)

	budget, err := ParseAmount(sow.Budget.Amount)
	if err != nil {
		return nil, fmt.Errorf("reading statementOfWork.budget: %w", err)
	}
	normal.Budget.Amount = budget.String()
	if sow.Rate != nil {
		if normal.Rate, err = normalRate(sow.Rate); err != nil {
			return nil, err
		}
	}
	for i := range normal.Deliverables {
		if err := normaliseDeliverable(&normal.Deliverables[i]); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(normal.Deliverables, func(a, b v1alpha1.Deliverable) int { return cmp.Compare(a.Name, b.Name) })
	if sow.Terms != nil {
		if normal.Terms.NoticePeriod, err = normalPeriod(sow.Terms.NoticePeriod); err != nil {
			return nil, fmt.Errorf("reading statementOfWork.terms.noticePeriod: %w", err)
		}
		if *normal.Terms == (v1alpha1.LegalTerms{}) {
			normal.Terms = nil
		}
	}
	return normal, nil
}

func normaliseDeliverable(d *v1alpha1.Deliverable) error {
	d.Due = toSecond(d.Due)
	if d.Amount == "" {
		return nil
	}
	amount, err := ParseAmount(d.Amount)
	if err != nil {
		return fmt.Errorf("reading the amount of deliverable %s: %w", d.Name, err)
	}
	d.Amount = amount.String()
	return nil
}

func normalRate(rate *v1alpha1.Rate) (*v1alpha1.Rate, error) {
	amount, err := ParseAmount(rate.Amount)
	if err != nil {
		return nil, fmt.Errorf("reading the rate: %w", err)
	}
	return &v1alpha1.Rate{Currency: rate.Currency, Amount: amount.String(), Per: rate.Per}, nil
}

// sortedAccess is never nil, so that no access is written as [] whether the list was left out or empty.
func sortedAccess(access []v1alpha1.AccessRequest) []v1alpha1.AccessRequest {
	sorted := append([]v1alpha1.AccessRequest{}, access...)
	slices.SortStableFunc(sorted, func(a, b v1alpha1.AccessRequest) int { return cmp.Compare(a.Name, b.Name) })
	return sorted
}

// toSecond is what metav1.Time keeps when it is written and read again.
func toSecond(t metav1.Time) metav1.Time {
	return metav1.NewTime(t.UTC().Truncate(time.Second))
}

func digest(v any) (string, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("writing terms as JSON: %w", err)
	}
	canonical, err := jcs.Transform(plain)
	if err != nil {
		return "", fmt.Errorf("writing terms in the form of RFC 8785: %w", err)
	}
	sum := sha256.Sum256(canonical)
	return "sha256:" + hex.EncodeToString(sum[:]), nil
}
