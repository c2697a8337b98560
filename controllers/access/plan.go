package access

import (
	"fmt"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// facts are what one pass knows. They are read before anything is decided; only what is stored of the grant changes with each write.
type facts struct {
	// now in whole seconds, the precision of every time in the API.
	now time.Time
	// began is when the pass began, to the full precision of the clock.
	began time.Time
	grant *v1alpha1.AccessGrant
	// engagement is the one with the grant's UID, or nil; orphaned says that it is gone for certain.
	engagement *v1alpha1.Engagement
	orphaned   bool
	// profile, worker and namespace are nil if they are gone; the worker also if it is another person now.
	profile   *v1alpha1.AccessProfile
	worker    *v1alpha1.Worker
	namespace labels.Set
	// workerType in force.
	workerType v1alpha1.WorkerType
	// systems are the target systems that the profile or an entitlement names, by AccessProvider.
	systems map[string]*system
}

// plan is what a pass is to bring about.
type plan struct {
	// expiresAt is when access ends at the latest.
	expiresAt time.Time
	// ending says why all of it is to be revoked; nil while it is wanted.
	ending *ending
	// wanted are the accesses that the grant is to have now.
	wanted []wanted
	// unknown are the entitlements of which it cannot be said what is wanted, or all of them: they are neither given nor taken.
	unknown    map[string]bool
	allUnknown bool
	// obstacles keep what is wanted from being known or given.
	obstacles []obstacle
	// lacking says that something that was asked for is not even wanted, because of an obstacle.
	lacking bool
}

// wanted is one access that a grant is to have.
type wanted struct {
	name     string
	provider string
	target   provider.Target
	// blocked keeps it from being given anew; what is given already stays.
	blocked *obstacle
}

// obstacle is why something is not given, and what to do about it.
type obstacle struct{ reason, message string }

// ending is why access ends.
type ending struct {
	// reason of the Ready condition once everything is proven gone.
	reason string
	// words complete "access ended: ".
	words string
	// since is when revocation became owed.
	since time.Time
	// expired says that time alone ended it.
	expired bool
}

// makePlan decides what is to be given and what is to be gone.
func makePlan(f *facts) *plan {
	p := &plan{expiresAt: expiry(f.grant, f.profile, f.grant.Status.FirstGrantedAt), unknown: map[string]bool{}}
	p.ending = endingOf(f, p.expiresAt)
	if p.ending != nil {
		return p
	}
	spec := &f.grant.Spec
	if f.now.Before(spec.NotBefore.Time) {
		p.lack(v1alpha1.ReasonNotYet, "access is given from %s", spec.NotBefore.UTC().Format(time.RFC3339))
		return p
	}
	if f.profile == nil {
		p.allUnknown = true
		p.obstruct(v1alpha1.ReasonReferenceNotFound, "AccessProfile %s does not exist: create it again, or take it out of the engagement's spec.access; what was given stays until access ends, and nothing else is given", spec.Profile)
		return p
	}
	if message := notAllowed(f); message != "" {
		p.lack(v1alpha1.ReasonReferenceNotAllowed, "%s", message)
		return p
	}
	if f.worker == nil {
		p.allUnknown = true
		p.obstruct(v1alpha1.ReasonWorkerGone, "Worker %s/%s does not exist, or is another person now: create it again with the same personKey", spec.WorkerRef.Namespace, spec.WorkerRef.Name)
		return p
	}
	for i := range f.profile.Spec.Entitlements {
		p.want(f, f.profile.Spec.Entitlements[i])
	}
	return p
}

// lack is an obstacle by which something that was asked for is not wanted, and is taken if it was given.
func (p *plan) lack(reason, format string, args ...any) {
	p.lacking = true
	p.obstruct(reason, format, args...)
}

func (p *plan) obstruct(reason, format string, args ...any) {
	if o := (obstacle{reason, fmt.Sprintf(format, args...)}); !slices.Contains(p.obstacles, o) {
		p.obstacles = append(p.obstacles, o)
	}
}

// expiry is the earliest of the spec's and the first grant plus the profile's longest duration. Without the profile it does not move
// beyond what it was.
func expiry(grant *v1alpha1.AccessGrant, profile *v1alpha1.AccessProfile, firstGrantedAt *metav1.Time) time.Time {
	at := grant.Spec.ExpiresAt.Time
	switch {
	case profile == nil:
		if was := grant.Status.ExpiresAt; was != nil {
			at = earlier(at, was.Time)
		}
	case profile.Spec.MaxDuration != nil && firstGrantedAt != nil:
		at = earlier(at, firstGrantedAt.Add(profile.Spec.MaxDuration.Duration))
	}
	return at
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// withdrawals are the reasons and words for what the spec withdraws by.
var withdrawals = map[v1alpha1.Withdrawal]struct{ reason, words string }{
	v1alpha1.WithdrawalEnded:      {v1alpha1.ReasonClosed, "the work has ended"},
	v1alpha1.WithdrawalSuspended:  {v1alpha1.ReasonSuspended, "the engagement is suspended"},
	v1alpha1.WithdrawalWithdrawn:  {v1alpha1.ReasonWithdrawn, "it was withdrawn by attestation"},
	v1alpha1.WithdrawalDeleted:    {v1alpha1.ReasonDeleted, "the engagement is being deleted"},
	v1alpha1.WithdrawalWorkerGone: {v1alpha1.ReasonWorkerGone, "the worker's object is gone"},
	v1alpha1.WithdrawalNarrowed:   {v1alpha1.ReasonNotAsked, "the engagement does not ask for it any more"},
}

// endingOf says why access is to be gone, if it is.
func endingOf(f *facts, expiresAt time.Time) *ending {
	switch {
	case !f.grant.DeletionTimestamp.IsZero():
		return &ending{reason: v1alpha1.ReasonDeleted, words: "the grant is being deleted", since: f.grant.DeletionTimestamp.Time}
	case f.grant.Spec.Withdraw != "":
		w, known := withdrawals[f.grant.Spec.Withdraw]
		if !known {
			w = withdrawals[v1alpha1.WithdrawalWithdrawn]
		}
		return &ending{reason: w.reason, words: w.words, since: f.now}
	case !f.now.Before(expiresAt):
		return &ending{reason: v1alpha1.ReasonAccessExpired, words: "it expired at " + expiresAt.UTC().Format(time.RFC3339), since: expiresAt, expired: true}
	case f.engagement != nil && f.engagement.Status.Phase == v1alpha1.PhaseClosed:
		return &ending{reason: v1alpha1.ReasonClosed, words: "the engagement is closed", since: f.now}
	case f.orphaned:
		return &ending{reason: v1alpha1.ReasonDeleted, words: "the engagement is gone", since: f.now}
	}
	return nil
}

// notAllowed says whom the profile may not be given to, if the grant is for one of them.
func notAllowed(f *facts) string {
	allowed := f.profile.Spec.Allowed
	if allowed == nil {
		return ""
	}
	if allowed.NamespaceSelector != nil {
		selector, err := metav1.LabelSelectorAsSelector(allowed.NamespaceSelector)
		if err != nil {
			return fmt.Sprintf("AccessProfile %s has an allowed.namespaceSelector that cannot be read: %v", f.profile.Name, err)
		}
		if !selector.Matches(f.namespace) {
			return fmt.Sprintf("AccessProfile %s may not be given in namespace %s: its allowed.namespaceSelector does not select it", f.profile.Name, f.grant.Namespace)
		}
	}
	if len(allowed.WorkerTypes) > 0 && !slices.Contains(allowed.WorkerTypes, f.workerType) {
		return fmt.Sprintf("AccessProfile %s may not be given to a worker of type %s: its allowed.workerTypes does not list it", f.profile.Name, f.workerType)
	}
	return ""
}

// want adds what one entitlement gives.
func (p *plan) want(f *facts, entitlement v1alpha1.Entitlement) {
	s := f.systems[entitlement.ProviderRef.Name]
	if s.object == nil {
		p.unknown[entitlement.Name] = true
		p.obstruct(v1alpha1.ReasonReferenceNotFound, "AccessProvider %s, which grants entitlement %s, does not exist: create it, or take the entitlement out of AccessProfile %s", s.name, entitlement.Name, f.profile.Name)
		return
	}
	if s.err != nil {
		p.unknown[entitlement.Name] = true
		p.obstruct(v1alpha1.ReasonProviderFailed, "AccessProvider %s, which grants entitlement %s: %v", s.name, entitlement.Name, s.err)
		return
	}
	subject, found := identity(f.worker, s.object)
	if !found {
		p.lack(v1alpha1.ReasonReferenceNotFound, "Worker %s/%s has no identity for AccessProvider %s, which grants entitlement %s: add it to the Worker's spec.identities", f.worker.Namespace, f.worker.Name, s.name, entitlement.Name)
		return
	}
	targets, err := s.provider.Resolve(entitlement, subject)
	if err != nil {
		p.lack(v1alpha1.ReasonInvalid, "entitlement %s of AccessProfile %s cannot be granted: %v", entitlement.Name, f.profile.Name, err)
		return
	}
	blocked := s.blocked()
	if hold := f.grant.Spec.Hold; hold != "" {
		blocked = &obstacle{v1alpha1.ReasonWaiting, "nothing new is given while the engagement is held: " + hold}
	}
	for _, target := range targets {
		// Two entitlements of a profile may name the same access: it is given once, under the first one's name.
		if p.find(target.Key) == nil {
			p.wanted = append(p.wanted, wanted{name: entitlement.Name, provider: s.name, target: target, blocked: blocked})
		}
	}
}

// identity is the worker's account in a target system. What is handed out by people is handed to the person, who needs none.
func identity(worker *v1alpha1.Worker, in *v1alpha1.AccessProvider) (string, bool) {
	for _, i := range worker.Spec.Identities {
		if i.Provider == in.Name {
			return i.Subject, true
		}
	}
	return worker.Spec.PersonKey, in.Spec.Type == v1alpha1.ProviderManual
}

// find returns what is wanted under a key, or nil.
func (p *plan) find(key string) *wanted {
	for i := range p.wanted {
		if p.wanted[i].target.Key == key {
			return &p.wanted[i]
		}
	}
	return nil
}

// knows says whether it can be said what is wanted of an entitlement.
func (p *plan) knows(entitlement string) bool { return !p.allUnknown && !p.unknown[entitlement] }

// mayGive says whether an access that is not there may be given now.
func (p *plan) mayGive(key string) bool {
	w := p.find(key)
	return w != nil && w.blocked == nil
}
