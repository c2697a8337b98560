package access

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// passBudget is how long a pass goes on calling target systems. Then it writes what it has found, and the next one goes on.
const passBudget = 30 * time.Second

// confirmFor is how long a pass believes that its grant has not changed: about as long as a revocation may take to begin.
const confirmFor = time.Second

// errStale ends a pass that began with an old copy of its grant; the next one begins with a newer one.
var errStale = errors.New("the grant changed since it was read")

// pass carries out one plan, in one lane for each target system. What they find and do goes into rows, which are written to status before the
// first call that gives something, and at the end.
type pass struct {
	*GrantReconciler
	*facts
	*plan

	// hurried says that also what was to be tried later is tried now, unless its target system asks to be left alone.
	hurried bool

	rows []row
	// lanes in the order of their names.
	lanes []*lane
	// found by all lanes.
	found findings
	// finished says that a lane is done with something.
	finished chan struct{}
	// locks of the keys that the pass may give or take; nil if there are none.
	locks *keyLocks

	// mu guards what is stored: a lane that is late may make sure of it while it is written.
	mu sync.Mutex
	// stored is the newest copy of the grant.
	stored *v1alpha1.AccessGrant
	// confirmedAt is when it was the API server's newest for certain.
	confirmedAt time.Time
}

func (r *GrantReconciler) newPass(f *facts) *pass {
	p := &pass{
		GrantReconciler: r,
		facts:           f,
		plan:            makePlan(f),
		rows:            slices.Clone(f.grant.Status.Entitlements),
		found:           newFindings(),
		stored:          f.grant,
		finished:        make(chan struct{}, 1),
	}
	for _, s := range f.systems {
		p.lanes = append(p.lanes, p.newLane(s))
	}
	slices.SortFunc(p.lanes, func(a, b *lane) int { return cmp.Compare(a.system.name, b.system.name) })
	return p
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
	lanesCtx, callOff := context.WithCancel(ctx)
	defer callOff()
	p.tidy()
	err := p.stages(lanesCtx)
	for err == nil && len(p.late()) > 0 {
		err = p.goOn(ctx, lanesCtx)
	}
	if err != nil {
		// The next pass does over what is under way, and must not wait for it.
		callOff()
		p.leaveLate()
		return err
	}
	return p.write(ctx)
}

// stages go through what there is to do, in every lane that is not late.
func (p *pass) stages(ctx context.Context) error {
	if err := p.takeAll(ctx); err != nil {
		return err
	}
	if err := p.prepareAll(ctx); err != nil {
		return err
	}
	if err := p.each(ctx, give, (*lane).give); err != nil {
		return err
	}
	if err := p.each(ctx, check, (*lane).check); err != nil {
		return err
	}
	return p.giveOver(ctx)
}

// lookAgain is how often a pass that waits for a lane looks whether it still carries out what is wanted. It bounds what a target system that
// hangs can add to the time until a revocation in another begins.
const lookAgain = 100 * time.Millisecond

// goOn writes what is done before it waits for a lane that is late. Those that were turned away in the meantime try again. Once something else
// is wanted than what the pass carries out, it ends: the next one must not wait for a target system that hangs.
func (p *pass) goOn(ctx, lanesCtx context.Context) error {
	if err := p.write(ctx); err != nil {
		return err
	}
	p.note()
	p.unlockDone()
	wait := p.untilNextTurn()
	turn, cancel := context.WithTimeout(context.Background(), min(wait, lookAgain))
	defer cancel()
	select {
	case <-p.finished:
		return p.gatherLanes(p.late())
	case <-turn.Done():
	}
	outdated, err := p.outdated(ctx)
	switch {
	case err != nil:
		return err
	case outdated:
		return errStale
	case wait > lookAgain:
		return nil
	}
	for _, l := range p.lanes {
		l.rests = l.rests || !l.late && l.turnedAway == nil
		if !l.late {
			l.turnedAway = nil
		}
	}
	return p.stages(lanesCtx)
}

// outdated says whether something else is wanted by now than when the pass began: the grant was changed, or its time is over.
func (p *pass) outdated(ctx context.Context) (bool, error) {
	if p.ending == nil && !p.Clock.Now().Before(p.expiresAt) {
		return true, nil
	}
	newest := &v1alpha1.AccessGrant{}
	if err := p.Client.Get(ctx, p.name(), newest); err != nil {
		return apierrors.IsNotFound(err), client.IgnoreNotFound(err)
	}
	return newest.Generation > p.grant.Generation || newest.DeletionTimestamp.IsZero() != p.grant.DeletionTimestamp.IsZero(), nil
}

// untilNextTurn is how long it is until the first of those that were turned away is to try again; longer than any pass if none was.
func (p *pass) untilNextTurn() time.Duration {
	first := passTimeout
	for _, l := range p.lanes {
		if !l.late && l.turnedAway != nil {
			first = min(first, l.turnedAway.Sub(p.Clock.Now()))
		}
	}
	return first
}

// unlockDone lets others have the keys for which nothing is left to be done.
func (p *pass) unlockDone() {
	busy := map[string]bool{}
	for _, l := range p.lanes {
		if l.late || l.turnedAway != nil {
			busy[l.system.name] = true
		}
	}
	var done []string
	for i := range p.rows {
		if !busy[p.rows[i].Provider] {
			done = append(done, p.rows[i].Key)
		}
	}
	p.locks.unlock(done...)
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
			p.found.news.add(newsAbandoned, r)
		case leave:
			if concluded(r) {
				succeeded(r)
			}
		default:
		}
	}
}

// confirm makes sure, before something is given without a write just before it, that the grant is still the one that was decided
// about: a write with an old copy is refused, a call to a target system is not.
func (p *pass) confirm(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.Clock.Since(p.confirmedAt) <= confirmFor {
		return nil
	}
	newest := &v1alpha1.AccessGrant{}
	if err := p.Reader.Get(ctx, p.name(), newest); err != nil {
		return fmt.Errorf("reading the grant again: %w", err)
	}
	if newest.ResourceVersion != p.stored.ResourceVersion {
		return errStale
	}
	p.confirmedAt = p.Clock.Now()
	return nil
}

// write stores what was found, and tells of it.
func (p *pass) write(ctx context.Context) error {
	p.sum()
	if err := p.store(ctx, p.status()); err != nil {
		return err
	}
	// What was put right may look as it did before.
	p.announce(ctx)
	return nil
}

// status is what follows from the rows. What is only held back is said in it if it is worth a write, or there is one anyway.
func (p *pass) status() *v1alpha1.AccessGrantStatus {
	status := p.summary()
	if len(p.found.heldBack) == 0 {
		return status
	}
	worth := !equality.Semantic.DeepEqual(&p.stored.Status, status)
	for _, held := range p.found.heldBack {
		worth = worth || held.pressing
	}
	if !worth {
		return status
	}
	for i := range p.rows {
		if held, is := p.found.heldBack[p.rows[i].Key]; is {
			p.rows[i].LastError = held.text
		}
	}
	return p.summary()
}

// writeIntent stores the rows, and nothing yet of what they come to.
func (p *pass) writeIntent(ctx context.Context) error {
	p.sum()
	intent := p.stored.Status.DeepCopy()
	intent.Entitlements = cloneRows(p.rows)
	if err := p.store(ctx, intent); err != nil {
		return err
	}
	p.announce(ctx)
	return nil
}

// store writes a status if it differs. An old copy of the grant is refused by its resource version.
func (p *pass) store(ctx context.Context, status *v1alpha1.AccessGrantStatus) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if equality.Semantic.DeepEqual(&p.stored.Status, status) {
		return nil
	}
	updated := p.stored.DeepCopy()
	updated.Status = *status
	if err := p.Client.Status().Update(ctx, updated, client.FieldOwner(fieldOwner)); err != nil {
		return fmt.Errorf("writing the status of the grant: %w", err)
	}
	p.Targets.ledger.replace(p.name(), p.stored.ResourceVersion)
	p.stored, p.confirmedAt = updated, p.Clock.Now()
	return nil
}

// note brings the ledger in line with what the grant holds, by what is stored and by what this pass may have given without storing it.
func (p *pass) note() {
	holds := map[string]string{}
	for _, rows := range [][]row{p.rows, p.stored.Status.Entitlements} {
		for i := range rows {
			if held(&rows[i]) {
				holds[rows[i].Key] = rows[i].Provider
			}
		}
	}
	p.Targets.ledger.settle(p.name(), holds)
}
