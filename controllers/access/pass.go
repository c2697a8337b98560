package access

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// passBudget is how long a pass goes on calling target systems. Then it writes what it has found, and the next one goes on.
const passBudget = 30 * time.Second

// confirmFor is how long a pass believes that its grant has not changed: about as long as a revocation may take to begin.
const confirmFor = time.Second

// errStale ends a pass that began with an old copy of its grant; the next one begins with a newer one.
var errStale = errors.New("the grant changed since it was read")

// pass carries out one plan. What it finds and does goes into rows, which are written to status before the first call that gives
// something, and at the end.
type pass struct {
	*GrantReconciler
	*facts
	*plan

	rows []row
	// fresh are the keys whose intent this pass recorded: nothing was ever called for them.
	fresh map[string]bool
	// seen are the keys that this pass has read back already.
	seen map[string]bool
	// over are the rows that start over, with what is told when they are given.
	over map[string]newsKind
	// intends says that there are intents to be recorded.
	intends bool
	// confirmedAt is when the copy of the grant was the API server's newest for certain.
	confirmedAt time.Time
	// standing says, by AccessProvider, whether it was seen to stand after what is to be given was noted.
	standing map[string]bool
	// tired are the providers of which a call ran out of time in this pass; further ones would keep a worker for nothing.
	tired map[string]bool
	// wakeAt is the earliest moment at which there is something to do again; zero if there is none.
	wakeAt time.Time
	news   news
}

func (r *GrantReconciler) newPass(f *facts) *pass {
	return &pass{
		GrantReconciler: r,
		facts:           f,
		plan:            makePlan(f),
		rows:            slices.Clone(f.grant.Status.Entitlements),
		fresh:           map[string]bool{},
		seen:            map[string]bool{},
		over:            map[string]newsKind{},
		standing:        map[string]bool{},
		tired:           map[string]bool{},
	}
}

func (p *pass) name() types.NamespacedName { return client.ObjectKeyFromObject(p.grant) }

// keys are those that the pass may give or take.
func (p *pass) keys() []string {
	var keys []string
	for i := range p.rows {
		if p.action(&p.rows[i]) != leave {
			keys = append(keys, p.rows[i].Key)
		}
	}
	for i := range p.wanted {
		keys = append(keys, p.wanted[i].target.Key)
	}
	return keys
}

func (p *pass) action(r *row) action {
	return p.actionFor(r, p.systems[r.Provider], p.grant.Spec.Preexisting)
}

// run takes what is not wanted, before it gives what is. It is called with the locks of its keys.
func (p *pass) run(ctx context.Context) error {
	defer p.note()
	p.tidy()
	if err := p.takeAll(ctx); err != nil {
		return err
	}
	if err := p.prepareAll(ctx); err != nil {
		return err
	}
	if err := p.each(ctx, give, p.give); err != nil {
		return err
	}
	if err := p.each(ctx, check, p.check); err != nil {
		return err
	}
	if err := p.giveOver(ctx); err != nil {
		return err
	}
	return p.write(ctx, p.summary())
}

// each calls do for every row with an action, those that have failed least first, and the rest in an order that changes from pass to
// pass: a row that takes long must not keep the same others waiting each time.
func (p *pass) each(ctx context.Context, wants action, do func(context.Context, *row) error) error {
	var due []int
	for i := range p.rows {
		if p.action(&p.rows[i]) == wants {
			due = append(due, i)
		}
	}
	if len(due) > 0 {
		turn := int(p.began.Unix() % int64(len(due)))
		due = slices.Concat(due[turn:], due[:turn])
	}
	slices.SortStableFunc(due, func(a, b int) int { return int(p.rows[a].Attempts - p.rows[b].Attempts) })
	for _, i := range due {
		if err := ctx.Err(); err != nil {
			return err
		}
		if wants != take && p.Clock.Since(p.began) > confirmFor {
			// What takes long must not keep what ends in the meantime from being revoked.
			if err := p.confirm(ctx); err != nil {
				return err
			}
		}
		if err := do(ctx, &p.rows[i]); err != nil {
			return err
		}
	}
	return nil
}

// tidy does what needs no call: it forgets, abandons, and clears the failures of what is over.
func (p *pass) tidy() {
	p.rows = slices.DeleteFunc(p.rows, func(r row) bool { return p.action(&r) == forget })
	for i := range p.rows {
		r := &p.rows[i]
		switch p.action(r) {
		case abandon:
			declared := p.systems[r.Provider].decommissioned()
			by := "somebody"
			if declared.By != nil {
				by = declared.By.Username
			}
			enter(r, v1alpha1.GrantAbandoned, p.now)
			succeeded(r)
			r.Evidence = cut(fmt.Sprintf("AccessProvider %s was declared gone for good by %s: %s", r.Provider, by, declared.Reason))
			p.news.add(newsAbandoned, r)
		case leave:
			if concluded(r) {
				succeeded(r)
			}
		default:
		}
	}
}

// ready says whether a row can be called for now; if not, the pass comes back when it can.
func (p *pass) ready(r *row) bool {
	if r.NextTry != nil && r.NextTry.After(p.now) {
		p.wake(r.NextTry.Time)
		return false
	}
	if p.tired[r.Provider] {
		p.wake(p.now.Add(firstRetry))
		return false
	}
	if p.Clock.Since(p.began) > passBudget {
		p.wake(p.Clock.Now())
		return false
	}
	return true
}

// failed notes a failed attempt. A call that was not made, because too many are under way or because the operator stops, is none; the
// latter ends the pass. Nor is one that waits for a person: the grant changes, or its provider has news, once they have acted.
func (p *pass) failed(ctx context.Context, r *row, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case provider.IsWaiting(err):
		succeeded(r)
		p.waits[r.Key] = err.Error()
		return nil
	case provider.IsBusy(err):
		p.wake(p.Clock.Now().Add(provider.RetryAfter(err)))
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		p.tired[r.Provider] = true
	}
	r.Attempts++
	r.LastError = cut(err.Error())
	// Rounded up: what is stored is whole seconds, and must not be sooner than what was meant.
	r.NextTry = stamp(p.Clock.Now().Add(retryAfter(p.grant.UID, r.Key, r.Attempts, err) + time.Second - 1).Truncate(time.Second))
	p.wake(r.NextTry.Time)
	if r.Attempts == 1 {
		if r.State == v1alpha1.GrantRevoking {
			p.news.add(newsRevokeFailed, r)
		} else {
			p.news.add(newsGrantFailed, r)
		}
	}
	return nil
}

func (p *pass) wake(at time.Time) {
	if p.wakeAt.IsZero() || at.Before(p.wakeAt) {
		p.wakeAt = at
	}
}

// confirm makes sure, before something is given without a write just before it, that the grant is still the one that was decided
// about: a write with an old copy is refused, a call to a target system is not.
func (p *pass) confirm(ctx context.Context) error {
	if p.Clock.Since(p.confirmedAt) <= confirmFor {
		return nil
	}
	newest := &v1alpha1.AccessGrant{}
	if err := p.Reader.Get(ctx, p.name(), newest); err != nil {
		return fmt.Errorf("reading the grant again: %w", err)
	}
	if newest.ResourceVersion != p.grant.ResourceVersion {
		return errStale
	}
	p.confirmedAt = p.Clock.Now()
	return nil
}

// stands makes sure, after what is to be given was noted, that its AccessProvider is there and not being deleted: from then on it
// cannot go before what is given in it.
func (p *pass) stands(ctx context.Context, s *system) (bool, error) {
	if stands, asked := p.standing[s.name]; asked {
		return stands, nil
	}
	newest := &v1alpha1.AccessProvider{}
	err := p.Reader.Get(ctx, client.ObjectKey{Name: s.name}, newest)
	if err != nil && !apierrors.IsNotFound(err) {
		return false, fmt.Errorf("reading AccessProvider %s again before giving access: %w", s.name, err)
	}
	stands := err == nil && newest.UID == s.object.UID && newest.DeletionTimestamp.IsZero() &&
		controllerutil.ContainsFinalizer(newest, v1alpha1.ProviderFinalizer)
	p.standing[s.name] = stands
	return stands, nil
}

// write stores a status if it differs. An old copy of the grant is refused by its resource version.
func (p *pass) write(ctx context.Context, status *v1alpha1.AccessGrantStatus) error {
	if equality.Semantic.DeepEqual(&p.grant.Status, status) {
		// What was put right may look as it did before.
		p.announce(ctx)
		return nil
	}
	updated := p.grant.DeepCopy()
	updated.Status = *status
	if err := p.Client.Status().Update(ctx, updated, client.FieldOwner(fieldOwner)); err != nil {
		return fmt.Errorf("writing the status of the grant: %w", err)
	}
	p.grant, p.confirmedAt = updated, p.Clock.Now()
	p.announce(ctx)
	return nil
}

// note brings the ledger in line with what the grant holds, by what is stored and by what this pass may have given without storing it.
func (p *pass) note() {
	holds := map[string]string{}
	for _, rows := range [][]row{p.rows, p.grant.Status.Entitlements} {
		for i := range rows {
			if held(&rows[i]) {
				holds[rows[i].Key] = rows[i].Provider
			}
		}
	}
	p.Targets.ledger.settle(p.name(), holds)
}
