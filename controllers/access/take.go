package access

import (
	"context"
	"fmt"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/metrics"
)

// takeAll revokes what is not to be, and asks about what existed before.
func (p *pass) takeAll(ctx context.Context) error {
	// All of it is owed from the first moment, whatever the calls give.
	for i := range p.rows {
		if r := &p.rows[i]; p.action(r) == take && r.State != v1alpha1.GrantRevoking {
			p.owe(r)
		}
	}
	if err := p.each(ctx, take, (*lane).take); err != nil {
		return err
	}
	return p.each(ctx, settle, (*lane).settle)
}

// owe makes a revocation owed, and tells of it if it is time alone that ended the access.
func (p *pass) owe(r *row) {
	if p.ending != nil && p.ending.expired {
		p.found.news.add(newsExpired, r)
	}
	p.owes(r, p.now)
}

// owes makes a revocation owed.
func (p *plan) owes(r *row, now time.Time) {
	since := now
	if p.ending != nil {
		since = p.ending.since
	}
	enter(r, v1alpha1.GrantRevoking, now)
	succeeded(r)
	r.RevokeRequestedAt, r.RevokedAt, r.ExpiresAt = stamp(since), nil, nil
}

// take revokes one row, unless another grant holds the same.
func (l *lane) take(ctx context.Context, r *row) error {
	if !l.ready(r) {
		return nil
	}
	holder, err := l.liveHolder(ctx, r)
	if err != nil {
		return err
	}
	if holder.Name != "" {
		enter(r, v1alpha1.GrantStillHeld, l.now)
		succeeded(r)
		r.Evidence = cut("still held by " + holder.String())
		if l.system.opened() && l.system.provider.Capabilities().ExpiryStep > 0 {
			l.holders[holder] = struct{}{}
		}
		l.found.news.add(newsStillHeld, r)
		return nil
	}
	observed, err := l.revoke(ctx, r)
	if err != nil {
		return l.failed(ctx, r, err)
	}
	if l.system.attested() {
		attest(r, v1alpha1.GrantAttested, observed.Evidence, l.now)
		l.found.news.add(newsReturned, r)
		return nil
	}
	enter(r, v1alpha1.GrantRevoked, l.now)
	r.RevokedAt = stamp(l.now)
	readBack(r, evidenceOfAbsence(observed), l.now)
	l.found.news.add(newsRevoked, r)
	metrics.ObserveRevocation(r.Provider, l.since(r.RevokeRequestedAt.Time))
	return nil
}

// since is how long ago a moment was. Stored moments are whole seconds: one of this very pass counts from when the pass began.
func (l *lane) since(at time.Time) time.Duration {
	if at.Equal(l.now) {
		return l.Clock.Since(l.began)
	}
	return l.Clock.Since(at)
}

// revoke revokes a row in its target system and reads back that it is gone.
func (l *lane) revoke(ctx context.Context, r *row) (provider.Observed, error) {
	if l.system.err != nil {
		return provider.Observed{}, l.system.err
	}
	if err := l.system.provider.Revoke(ctx, target(r), provider.RevokeOptions{Preexisting: r.Preexisted}); err != nil {
		return provider.Observed{}, err
	}
	observed, err := l.system.provider.Verify(ctx, target(r))
	if err != nil {
		return provider.Observed{}, fmt.Errorf("revoked, and not yet read back: %w", err)
	}
	recognise(r, observed)
	if !gone(r, observed) {
		return provider.Observed{}, provider.Retryable("revoked, and still there when read back: %s", evidenceOfAbsence(observed))
	}
	return observed, nil
}

// gone says whether nothing is left of what a row stands for: what Longshore gave, or what others gave before it.
func gone(r *row, observed provider.Observed) bool {
	return observed.Absent() && (!r.Preexisted || observed.Otherwise == "")
}

// evidenceOfAbsence also says if the subject has the same by other means, which was not Longshore's to take away.
func evidenceOfAbsence(observed provider.Observed) string {
	if observed.Otherwise == "" {
		return observed.Evidence
	}
	return observed.Evidence + "; " + observed.Otherwise
}

// settle closes access from before that is not wanted any more: as it was decided, or because it is gone by itself.
func (l *lane) settle(ctx context.Context, r *row) error {
	if decision := decisionOn(r, l.grant.Spec.Preexisting); decision != nil {
		r.Evidence = cut("kept by decision of " + decision.By)
		succeeded(r)
		return nil
	}
	if !l.system.opened() || l.seen[r.Key] || !l.ready(r) {
		return nil
	}
	observed, err := l.system.provider.Verify(ctx, target(r))
	if err != nil {
		return l.failed(ctx, r, err)
	}
	l.seen[r.Key] = true
	preexisting, err := l.preexisting(ctx, r, observed)
	if err != nil {
		return err
	}
	switch {
	case gone(r, observed):
		enter(r, v1alpha1.GrantRevoked, l.now)
		r.RevokedAt = stamp(l.now)
		readBack(r, "gone without Longshore: "+observed.Evidence, l.now)
		l.found.news.add(newsRevoked, r)
	case !preexisting && observed.Held:
		// What was there before went, and Longshore gave the same for another grant: it is proven like any other.
		r.Preexisted = false
		l.owes(r, l.now)
		l.found.wake(l.now)
	default:
		readBack(r, evidenceOfOthers(observed), l.now)
	}
	return nil
}
