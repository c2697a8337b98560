package access

import (
	"context"
	"slices"

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
	if err := p.each(ctx, prepare, (*lane).prepare); err != nil {
		return err
	}
	if !slices.ContainsFunc(p.lanes, func(l *lane) bool { return !l.late && l.intends }) {
		return nil
	}
	for _, l := range p.lanes {
		if !l.late {
			l.intends = false
		}
	}
	return p.writeIntent(ctx)
}

// prepare looks whether the subject of a row has the access already, and records what is intended.
func (l *lane) prepare(ctx context.Context, r *row) error {
	// What fails of a revocation does not keep back what takes its place.
	ours := !r.Preexisted && (r.State == v1alpha1.GrantRevoking || r.State == v1alpha1.GrantAbandoned)
	if !ours && !l.ready(r) {
		return nil
	}
	l.Targets.ledger.note(l.name(), r.Key, r.Provider)
	stands, err := l.stands(ctx)
	if err != nil {
		return err
	}
	if !stands {
		l.obstruct(v1alpha1.ReasonReferenceNotFound, "AccessProvider %s is being deleted or made again", l.system.name)
		return nil
	}
	if ours {
		// It may be there still.
		l.intend(r)
		return nil
	}
	// What it was recognised by, if there was something under its name before, may be gone or another's now.
	anew := target(r)
	anew.Handle = ""
	observed, err := l.system.provider.Verify(ctx, anew)
	if err != nil {
		return l.failed(ctx, r, err)
	}
	preexisting, err := l.preexisting(ctx, r, observed)
	if err != nil {
		return err
	}
	r.Handle = observed.Handle
	l.seen[r.Key] = true
	if preexisting {
		enter(r, v1alpha1.GrantPreexisting, l.now)
		r.Preexisted, r.RevokeRequestedAt, r.RevokedAt = true, nil, nil
		readBack(r, evidenceOfOthers(observed), l.now)
		l.found.news.add(newsPreexisting, r)
		return nil
	}
	l.intend(r)
	l.fresh[r.Key] = true
	return nil
}

// intend records that a row is to be given. That it was read at all marks it as one for which a call may have been made.
func (l *lane) intend(r *row) {
	enter(r, v1alpha1.GrantPending, l.now)
	r.Name = l.find(r.Key).name
	r.Preexisted, r.RevokeRequestedAt, r.RevokedAt, r.ExpiresAt = false, nil, nil, nil
	readBack(r, "", l.now)
	l.intends = true
}

// preexisting says whether the subject has an access without Longshore. Where the target system does not mark what Longshore gave, the
// rows of all grants tell. What people attest, they attest of this very engagement.
func (l *lane) preexisting(ctx context.Context, r *row, observed provider.Observed) (bool, error) {
	if l.system.provider.Capabilities().MarksGrants {
		return !observed.Held && observed.Otherwise != "", nil
	}
	if !observed.Held || l.system.attested() {
		return false, nil
	}
	elsewhere, err := l.heldElsewhere(ctx, r.Key)
	return !elsewhere, err
}

func evidenceOfOthers(observed provider.Observed) string {
	if observed.Otherwise != "" {
		return observed.Otherwise
	}
	return observed.Evidence
}

// give gives a row whose intent is recorded.
func (l *lane) give(ctx context.Context, r *row) error {
	if !l.ready(r) {
		return nil
	}
	l.seen[r.Key] = true
	if !l.fresh[r.Key] {
		observed, err := l.system.provider.Verify(ctx, target(r))
		if err != nil {
			return l.failed(ctx, r, err)
		}
		exact, err := l.exact(ctx, r, observed)
		if err != nil {
			return err
		}
		if exact {
			// An earlier attempt did it and its answer was lost: it counts from when it was intended, and not later.
			if r.GrantedAt == nil {
				r.GrantedAt = r.Since
			}
			l.verified(r, observed)
			l.found.news.add(l.granted(), r)
			return nil
		}
		if lost(r, observed) {
			l.startOver(r, l.granted())
			return nil
		}
	}
	return l.giveAndTell(ctx, r, l.granted())
}

// granted is what is told of access that was given for the first time.
func (l *lane) granted() newsKind {
	if l.system.attested() {
		return newsHandedOut
	}
	return newsGranted
}

// startOver forgets what a row was recognised by, which is gone. Before what bears its name now is touched, that is recorded.
func (l *lane) startOver(r *row, success newsKind) {
	r.Handle = ""
	l.over[r.Key] = success
}

// giveOver gives the rows that start over.
func (p *pass) giveOver(ctx context.Context) error {
	if !slices.ContainsFunc(p.lanes, func(l *lane) bool { return !l.late && len(l.over) > 0 }) {
		return nil
	}
	if err := p.writeIntent(ctx); err != nil {
		return err
	}
	return p.each(ctx, give, func(l *lane, ctx context.Context, r *row) error {
		success, over := l.over[r.Key]
		if !over || !l.ready(r) {
			return nil
		}
		delete(l.over, r.Key)
		return l.giveAndTell(ctx, r, success)
	})
}

// grantAndVerify calls for a row and reads it back.
func (l *lane) grantAndVerify(ctx context.Context, r *row) error {
	if err := l.confirm(ctx); err != nil {
		return err
	}
	expiresAt, err := l.latestExpiry(ctx, r)
	if err != nil {
		return err
	}
	if err := l.system.provider.Grant(ctx, provider.Request{Target: target(r), ExpiresAt: expiresAt}); err != nil {
		return l.failed(ctx, r, err)
	}
	if r.GrantedAt == nil {
		r.GrantedAt = stamp(l.now)
	}
	if !l.system.attested() {
		enter(r, v1alpha1.GrantGranted, l.now)
	}
	observed, err := l.system.provider.Verify(ctx, target(r))
	if err != nil {
		return l.failed(ctx, r, err)
	}
	recognise(r, observed)
	if !observed.Exact() {
		return l.failed(ctx, r, provider.Retryable("granted, and not so when read back: %s", observed.Evidence))
	}
	l.verified(r, observed)
	return nil
}

// verified notes that a row was read back as it should be, or attested where nothing can be read back.
func (l *lane) verified(r *row, observed provider.Observed) {
	recognise(r, observed)
	r.ExpiresAt = nil
	if !observed.ExpiresAt.IsZero() {
		r.ExpiresAt = stamp(observed.ExpiresAt)
	}
	if l.system.attested() {
		attest(r, v1alpha1.GrantGranted, observed.Evidence, l.now)
		return
	}
	if r.State != v1alpha1.GrantVerified {
		enter(r, v1alpha1.GrantVerified, l.now)
	}
	readBack(r, observed.Evidence, l.now)
}

// exact says whether an access is as it was given, its expiry among it. One that the target system cannot end by itself has none.
func (l *lane) exact(ctx context.Context, r *row, observed provider.Observed) (bool, error) {
	step := l.system.provider.Capabilities().ExpiryStep
	if !observed.Exact() || step == 0 || observed.ExpiresAt.IsZero() {
		return observed.Exact(), nil
	}
	want, err := l.latestExpiry(ctx, r)
	if err != nil {
		return false, err
	}
	return observed.ExpiresAt.Sub(want).Abs() <= step, nil
}

// check reads back what was given, and puts right what was changed by hand. What is gone comes back only while it may be given: under
// a hold, or when nobody knows any more what is wanted, it is only narrowed.
func (l *lane) check(ctx context.Context, r *row) error {
	if !l.system.opened() || l.seen[r.Key] || !l.ready(r) {
		return nil
	}
	observed, err := l.system.provider.Verify(ctx, target(r))
	if err != nil {
		return l.failed(ctx, r, err)
	}
	l.seen[r.Key] = true
	recognise(r, observed)
	if r.State == v1alpha1.GrantPreexisting {
		return l.checkPreexisting(ctx, r, observed)
	}
	exact, err := l.exact(ctx, r, observed)
	if err != nil {
		return err
	}
	if exact {
		if !r.Had() {
			l.found.news.add(l.granted(), r)
		}
		l.verified(r, observed)
		return nil
	}
	return l.restore(ctx, r, observed)
}

// restore puts right what was changed by hand. What people did by hand with what they hand out by hand is their own affair.
func (l *lane) restore(ctx context.Context, r *row, observed provider.Observed) error {
	success := l.granted()
	switch {
	case l.system.attested():
	case r.State == v1alpha1.GrantVerified && !observed.Exact():
		success = newsDriftRepaired
	case r.State == v1alpha1.GrantVerified:
		success = newsKind{} // Only the expiry moves.
	}
	switch {
	case !observed.Held, l.system.attested():
		enter(r, v1alpha1.GrantPending, l.now)
		// Something was called for it, whatever became of that.
		r.VerifiedAt, r.Evidence = stamp(l.now), cut(observed.Evidence)
		if !l.mayGive(r.Key) {
			succeeded(r)
			return nil
		}
		if lost(r, observed) {
			l.startOver(r, success)
			return nil
		}
	case observed.Drift != "":
		enter(r, v1alpha1.GrantGranted, l.now)
		r.Evidence = cut(observed.Evidence)
	}
	return l.giveAndTell(ctx, r, success)
}

// giveAndTell gives a row, and tells of the success.
func (l *lane) giveAndTell(ctx context.Context, r *row, success newsKind) error {
	if err := l.grantAndVerify(ctx, r); err != nil || !r.Had() || success == (newsKind{}) {
		return err
	}
	l.found.news.add(success, r)
	if success == newsDriftRepaired {
		metrics.CountDriftRepaired(r.Provider)
	}
	return nil
}

// checkPreexisting notes whether access from before is still there; if not, Longshore's own takes its place.
func (l *lane) checkPreexisting(ctx context.Context, r *row, observed provider.Observed) error {
	preexisting, err := l.preexisting(ctx, r, observed)
	if err != nil {
		return err
	}
	if preexisting {
		readBack(r, evidenceOfOthers(observed), l.now)
		return nil
	}
	// Nothing was called for it yet: the next pass prepares it like any other.
	enter(r, v1alpha1.GrantPending, l.now)
	succeeded(r)
	r.Preexisted, r.Evidence = false, ""
	l.found.wake(l.now)
	return nil
}

func cloneRows(rows []row) []row {
	clones := make([]row, len(rows))
	for i := range rows {
		rows[i].DeepCopyInto(&clones[i])
	}
	return clones
}
