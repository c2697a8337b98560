package access

import (
	"context"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/metrics"
)

// prepareAll records what is to be given before anything is called for: the row, and whether the subject has it already.
func (p *pass) prepareAll(ctx context.Context) error {
	for i := range p.wanted {
		w := &p.wanted[i]
		if w.blocked != nil || findRow(p.rows, w.target.Key) != nil {
			continue
		}
		if len(p.rows) == maxRows {
			p.obstruct(v1alpha1.ReasonInvalid, "the record of this grant is full with %d entitlements, past ones among them: end the engagement and renew it", maxRows)
			break
		}
		p.rows = append(p.rows, row{
			Key: w.target.Key, Name: w.name, Provider: w.provider, Target: w.target.Name, Subject: w.target.Subject,
			State: v1alpha1.GrantPending, Since: stamp(p.now),
		})
	}
	if err := p.each(ctx, prepare, p.prepare); err != nil {
		return err
	}
	if !p.intends {
		return nil
	}
	intent := p.grant.Status.DeepCopy()
	intent.Entitlements = cloneRows(p.rows)
	return p.write(ctx, intent)
}

// prepare looks whether the subject of a row has the access already, and records what is intended.
func (p *pass) prepare(ctx context.Context, r *row) error {
	// What fails of a revocation does not keep back what takes its place.
	ours := !r.Preexisted && (r.State == v1alpha1.GrantRevoking || r.State == v1alpha1.GrantAbandoned)
	if !ours && !p.ready(r) {
		return nil
	}
	s := p.systems[r.Provider]
	p.Targets.ledger.note(p.name(), r.Key, r.Provider)
	stands, err := p.stands(ctx, s)
	if err != nil {
		return err
	}
	if !stands {
		p.obstruct(v1alpha1.ReasonReferenceNotFound, "AccessProvider %s is being deleted or made again", s.name)
		return nil
	}
	if ours {
		// It may be there still.
		p.intend(r)
		return nil
	}
	observed, err := s.provider.Verify(ctx, target(r))
	if err != nil {
		return p.failed(ctx, r, err)
	}
	preexisting, err := p.preexisting(ctx, r, s, observed)
	if err != nil {
		return err
	}
	p.seen[r.Key] = true
	if preexisting {
		enter(r, v1alpha1.GrantPreexisting, p.now)
		r.Preexisted, r.RevokeRequestedAt, r.RevokedAt = true, nil, nil
		readBack(r, evidenceOfOthers(observed), p.now)
		p.news.add(newsPreexisting, r)
		return nil
	}
	p.intend(r)
	p.fresh[r.Key] = true
	return nil
}

// intend records that a row is to be given. That it was read at all marks it as one for which a call may have been made.
func (p *pass) intend(r *row) {
	enter(r, v1alpha1.GrantPending, p.now)
	r.Name = p.find(r.Key).name
	r.Preexisted, r.RevokeRequestedAt, r.RevokedAt, r.ExpiresAt = false, nil, nil, nil
	readBack(r, "", p.now)
	p.intends = true
}

// preexisting says whether the subject has an access without Longshore. Where the target system does not mark what Longshore gave, the
// rows of all grants tell.
func (p *pass) preexisting(ctx context.Context, r *row, s *system, observed provider.Observed) (bool, error) {
	if s.provider.Capabilities().MarksGrants {
		return !observed.Held && observed.Otherwise != "", nil
	}
	if !observed.Held {
		return false, nil
	}
	elsewhere, err := p.heldElsewhere(ctx, r.Key)
	return !elsewhere, err
}

func evidenceOfOthers(observed provider.Observed) string {
	if observed.Otherwise != "" {
		return observed.Otherwise
	}
	return observed.Evidence
}

// give gives a row whose intent is recorded.
func (p *pass) give(ctx context.Context, r *row) error {
	if !p.ready(r) {
		return nil
	}
	p.seen[r.Key] = true
	s := p.systems[r.Provider]
	if !p.fresh[r.Key] {
		observed, err := s.provider.Verify(ctx, target(r))
		if err != nil {
			return p.failed(ctx, r, err)
		}
		exact, err := p.exact(ctx, r, s, observed)
		if err != nil {
			return err
		}
		if exact {
			// An earlier attempt did it and its answer was lost: it counts from when it was intended, and not later.
			if r.GrantedAt == nil {
				r.GrantedAt = r.Since
			}
			p.verified(r, observed)
			p.news.add(newsGranted, r)
			return nil
		}
	}
	if err := p.grantAndVerify(ctx, r, s); err != nil {
		return err
	}
	if r.State == v1alpha1.GrantVerified {
		p.news.add(newsGranted, r)
	}
	return nil
}

// grantAndVerify calls for a row and reads it back.
func (p *pass) grantAndVerify(ctx context.Context, r *row, s *system) error {
	if err := p.confirm(ctx); err != nil {
		return err
	}
	expiresAt, err := p.latestExpiry(ctx, r)
	if err != nil {
		return err
	}
	if err := s.provider.Grant(ctx, provider.Request{Target: target(r), ExpiresAt: expiresAt}); err != nil {
		return p.failed(ctx, r, err)
	}
	if r.GrantedAt == nil {
		r.GrantedAt = stamp(p.now)
	}
	enter(r, v1alpha1.GrantGranted, p.now)
	observed, err := s.provider.Verify(ctx, target(r))
	if err != nil {
		return p.failed(ctx, r, err)
	}
	if !observed.Exact() {
		return p.failed(ctx, r, provider.Retryable("granted, and not so when read back: %s", observed.Evidence))
	}
	p.verified(r, observed)
	return nil
}

// verified notes that a row was read back as it should be.
func (p *pass) verified(r *row, observed provider.Observed) {
	if r.State != v1alpha1.GrantVerified {
		enter(r, v1alpha1.GrantVerified, p.now)
	}
	r.ExpiresAt = nil
	if !observed.ExpiresAt.IsZero() {
		r.ExpiresAt = stamp(observed.ExpiresAt)
	}
	readBack(r, observed.Evidence, p.now)
}

// exact says whether an access is as it was given, its expiry among it.
func (p *pass) exact(ctx context.Context, r *row, s *system, observed provider.Observed) (bool, error) {
	step := s.provider.Capabilities().ExpiryStep
	if !observed.Exact() || step == 0 {
		return observed.Exact(), nil
	}
	want, err := p.latestExpiry(ctx, r)
	if err != nil {
		return false, err
	}
	return !observed.ExpiresAt.IsZero() && observed.ExpiresAt.Sub(want).Abs() <= step, nil
}

// check reads back what was given, and puts right what was changed by hand. What is gone comes back only while it may be given: under
// a hold, or when nobody knows any more what is wanted, it is only narrowed.
func (p *pass) check(ctx context.Context, r *row) error {
	s := p.systems[r.Provider]
	if !s.opened() || p.seen[r.Key] || !p.ready(r) {
		return nil
	}
	observed, err := s.provider.Verify(ctx, target(r))
	if err != nil {
		return p.failed(ctx, r, err)
	}
	if r.State == v1alpha1.GrantPreexisting {
		return p.checkPreexisting(ctx, r, s, observed)
	}
	exact, err := p.exact(ctx, r, s, observed)
	if err != nil {
		return err
	}
	if exact {
		if r.State == v1alpha1.GrantGranted {
			p.news.add(newsGranted, r)
		}
		p.verified(r, observed)
		return nil
	}
	drifted := r.State == v1alpha1.GrantVerified && !observed.Exact()
	switch {
	case !observed.Held:
		enter(r, v1alpha1.GrantPending, p.now)
		// Something was called for it, whatever became of that.
		r.VerifiedAt, r.Evidence = stamp(p.now), cut(observed.Evidence)
		if !p.mayGive(r.Key) {
			succeeded(r)
			return nil
		}
	case observed.Drift != "":
		enter(r, v1alpha1.GrantGranted, p.now)
		r.Evidence = cut(observed.Evidence)
	}
	if err := p.grantAndVerify(ctx, r, s); err != nil {
		return err
	}
	if drifted && r.State == v1alpha1.GrantVerified {
		p.news.add(newsDriftRepaired, r)
		metrics.CountDriftRepaired(r.Provider)
	}
	return nil
}

// checkPreexisting notes whether access from before is still there; if not, Longshore's own takes its place.
func (p *pass) checkPreexisting(ctx context.Context, r *row, s *system, observed provider.Observed) error {
	preexisting, err := p.preexisting(ctx, r, s, observed)
	if err != nil {
		return err
	}
	if preexisting {
		readBack(r, evidenceOfOthers(observed), p.now)
		return nil
	}
	// Nothing was called for it yet: the next pass prepares it like any other.
	enter(r, v1alpha1.GrantPending, p.now)
	succeeded(r)
	r.Preexisted, r.Evidence = false, ""
	p.wake(p.now)
	return nil
}

func cloneRows(rows []row) []row {
	clones := make([]row, len(rows))
	for i := range rows {
		rows[i].DeepCopyInto(&clones[i])
	}
	return clones
}
