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
	return p.writeIntent(ctx)
}

// writeIntent stores the rows, and nothing yet of what they come to.
func (p *pass) writeIntent(ctx context.Context) error {
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
	// What it was recognised by, if there was something under its name before, may be gone or another's now.
	anew := target(r)
	anew.Handle = ""
	observed, err := s.provider.Verify(ctx, anew)
	if err != nil {
		return p.failed(ctx, r, err)
	}
	preexisting, err := p.preexisting(ctx, r, s, observed)
	if err != nil {
		return err
	}
	r.Handle = observed.Handle
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
// rows of all grants tell. What people attest, they attest of this very engagement.
func (p *pass) preexisting(ctx context.Context, r *row, s *system, observed provider.Observed) (bool, error) {
	if s.provider.Capabilities().MarksGrants {
		return !observed.Held && observed.Otherwise != "", nil
	}
	if !observed.Held || s.attested() {
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
			p.verified(r, s, observed)
			p.news.add(granted(s), r)
			return nil
		}
		if lost(r, observed) {
			p.startOver(r, granted(s))
			return nil
		}
	}
	return p.giveAndTell(ctx, r, s, granted(s))
}

// granted is what is told of access that was given for the first time.
func granted(s *system) newsKind {
	if s.attested() {
		return newsHandedOut
	}
	return newsGranted
}

// startOver forgets what a row was recognised by, which is gone. Before what bears its name now is touched, that is recorded.
func (p *pass) startOver(r *row, success newsKind) {
	r.Handle = ""
	p.over[r.Key] = success
}

// giveOver gives the rows that start over.
func (p *pass) giveOver(ctx context.Context) error {
	if len(p.over) == 0 {
		return nil
	}
	if err := p.writeIntent(ctx); err != nil {
		return err
	}
	return p.each(ctx, give, func(ctx context.Context, r *row) error {
		success, over := p.over[r.Key]
		if !over {
			return nil
		}
		return p.giveAndTell(ctx, r, p.systems[r.Provider], success)
	})
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
	if !s.attested() {
		enter(r, v1alpha1.GrantGranted, p.now)
	}
	observed, err := s.provider.Verify(ctx, target(r))
	if err != nil {
		return p.failed(ctx, r, err)
	}
	recognise(r, observed)
	if !observed.Exact() {
		return p.failed(ctx, r, provider.Retryable("granted, and not so when read back: %s", observed.Evidence))
	}
	p.verified(r, s, observed)
	return nil
}

// verified notes that a row was read back as it should be, or attested where nothing can be read back.
func (p *pass) verified(r *row, s *system, observed provider.Observed) {
	recognise(r, observed)
	r.ExpiresAt = nil
	if !observed.ExpiresAt.IsZero() {
		r.ExpiresAt = stamp(observed.ExpiresAt)
	}
	if s.attested() {
		attest(r, v1alpha1.GrantGranted, observed.Evidence, p.now)
		return
	}
	if r.State != v1alpha1.GrantVerified {
		enter(r, v1alpha1.GrantVerified, p.now)
	}
	readBack(r, observed.Evidence, p.now)
}

// exact says whether an access is as it was given, its expiry among it. One that the target system cannot end by itself has none.
func (p *pass) exact(ctx context.Context, r *row, s *system, observed provider.Observed) (bool, error) {
	step := s.provider.Capabilities().ExpiryStep
	if !observed.Exact() || step == 0 || observed.ExpiresAt.IsZero() {
		return observed.Exact(), nil
	}
	want, err := p.latestExpiry(ctx, r)
	if err != nil {
		return false, err
	}
	return observed.ExpiresAt.Sub(want).Abs() <= step, nil
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
	recognise(r, observed)
	if r.State == v1alpha1.GrantPreexisting {
		return p.checkPreexisting(ctx, r, s, observed)
	}
	exact, err := p.exact(ctx, r, s, observed)
	if err != nil {
		return err
	}
	if exact {
		if !r.Had() {
			p.news.add(granted(s), r)
		}
		p.verified(r, s, observed)
		return nil
	}
	return p.restore(ctx, r, s, observed)
}

// restore puts right what was changed by hand. What people did by hand with what they hand out by hand is their own affair.
func (p *pass) restore(ctx context.Context, r *row, s *system, observed provider.Observed) error {
	success := granted(s)
	switch {
	case s.attested():
	case r.State == v1alpha1.GrantVerified && !observed.Exact():
		success = newsDriftRepaired
	case r.State == v1alpha1.GrantVerified:
		success = newsKind{} // Only the expiry moves.
	}
	switch {
	case !observed.Held, s.attested():
		enter(r, v1alpha1.GrantPending, p.now)
		// Something was called for it, whatever became of that.
		r.VerifiedAt, r.Evidence = stamp(p.now), cut(observed.Evidence)
		if !p.mayGive(r.Key) {
			succeeded(r)
			return nil
		}
		if lost(r, observed) {
			p.startOver(r, success)
			return nil
		}
	case observed.Drift != "":
		enter(r, v1alpha1.GrantGranted, p.now)
		r.Evidence = cut(observed.Evidence)
	}
	return p.giveAndTell(ctx, r, s, success)
}

// giveAndTell gives a row, and tells of the success.
func (p *pass) giveAndTell(ctx context.Context, r *row, s *system, success newsKind) error {
	if err := p.grantAndVerify(ctx, r, s); err != nil || !r.Had() || success == (newsKind{}) {
		return err
	}
	p.news.add(success, r)
	if success == newsDriftRepaired {
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
