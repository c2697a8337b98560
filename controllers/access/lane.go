package access

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// grace is how long the lanes of a pass wait for each other. It is long against the answer of a healthy target system, and short against what
// a proof may be delayed by.
const grace = 250 * time.Millisecond

// lane is what a pass does in one target system. The lanes of a pass run side by side, and the calls of one after each other, so that a target
// system that hangs delays no call to another. A lane works on copies of its rows; of the pass it may only read what does not change.
type lane struct {
	*pass
	system *system
	// rows are the copies that it works on.
	rows []row

	// fresh are the keys whose intent this pass recorded: nothing was ever called for them.
	fresh map[string]bool
	// seen are the keys that this pass has read back already.
	seen map[string]bool
	// over are the rows that start over, with what is told when they are given.
	over map[string]newsKind
	// intends says that there are intents to be recorded.
	intends bool
	// standing says whether the AccessProvider was seen to stand after what is to be given was noted; nil until it is asked.
	standing *bool
	// tired says that a call ran out of time: further ones would keep a worker for nothing.
	tired bool
	// again are the keys that it called for since it was last collected.
	again []string
	// turnedAway is until when no call is made, because too many are under way; nil while calls are made.
	turnedAway *time.Time

	// holders are the grants for which something stays that this one held.
	holders map[types.NamespacedName]struct{}

	// found is what the pass takes over once the lane is done.
	found findings
	// late says that it was not done in time, and takes no further part in the pass.
	late bool
	// rests says that all it could do in this pass is done, and that others have its keys.
	rests bool
	// done is closed when it is done with what it was last started for, and err is how that ended.
	done chan struct{}
	err  error
}

// findings are what a pass finds beside its rows.
type findings struct {
	// obstacles keep what is wanted from being given.
	obstacles []obstacle
	// waits are what people have to do before calls can go on, by key.
	waits map[string]string
	// heldBack are the rows that were not called for, because their target system does not answer, and what to say about it.
	heldBack map[string]heldBack
	news     news
	// wakeAt is the earliest moment at which there is something to do again; zero if there is none.
	wakeAt time.Time
}

func newFindings() findings {
	return findings{waits: map[string]string{}, heldBack: map[string]heldBack{}}
}

func (f *findings) wake(at time.Time) {
	if f.wakeAt.IsZero() || at.Before(f.wakeAt) {
		f.wakeAt = at
	}
}

// overtake forgets what was said of a row before it was called for again.
func (f *findings) overtake(key string) {
	delete(f.waits, key)
	delete(f.heldBack, key)
}

func (p *pass) newLane(s *system) *lane {
	return &lane{pass: p, system: s, fresh: map[string]bool{}, seen: map[string]bool{}, over: map[string]newsKind{}, holders: map[types.NamespacedName]struct{}{}, found: newFindings()}
}

// each does something in every lane for every row with an action, and waits until all lanes are done or, if there are several, for a moment.
// Those that are not done then are late.
func (p *pass) each(ctx context.Context, wants action, do func(*lane, context.Context, *row) error) error {
	var running []*lane
	for _, l := range p.lanes {
		if l.late || l.rests {
			continue
		}
		if l.rows = p.due(l.system.name, wants); len(l.rows) == 0 {
			continue
		}
		l.done = make(chan struct{})
		go l.run(ctx, wants, do)
		running = append(running, l)
	}
	return p.gatherLanes(running)
}

// patience is how long the lanes are waited for.
func (p *pass) patience() (context.Context, context.CancelFunc) {
	if len(p.lanes) == 1 {
		return context.WithCancel(context.Background())
	}
	return context.WithTimeout(context.Background(), grace)
}

// due are copies of a provider's rows with an action, those that have failed least first, and the rest in an order that changes from pass to
// pass: a row that takes long must not keep the same others waiting each time.
func (p *pass) due(providerName string, wants action) []row {
	var due []row
	for i := range p.rows {
		if p.rows[i].Provider == providerName && p.action(&p.rows[i]) == wants {
			due = append(due, p.rows[i])
		}
	}
	if len(due) > 0 {
		turn := int(p.began.Unix() % int64(len(due)))
		due = slices.Concat(due[turn:], due[:turn])
	}
	slices.SortStableFunc(due, func(a, b row) int { return int(a.Attempts - b.Attempts) })
	return due
}

// run is called in a goroutine of its own.
func (l *lane) run(ctx context.Context, wants action, do func(*lane, context.Context, *row) error) {
	defer func() {
		close(l.done)
		select {
		case l.finished <- struct{}{}:
		default:
		}
	}()
	// Only the goroutine of a pass is caught by the manager.
	defer func() {
		if cause := recover(); cause != nil {
			l.err = fmt.Errorf("calling AccessProvider %s: panic: %v", l.system.name, cause)
		}
	}()
	l.err = l.work(ctx, wants, do)
}

func (l *lane) work(ctx context.Context, wants action, do func(*lane, context.Context, *row) error) error {
	for i := range l.rows {
		if err := ctx.Err(); err != nil {
			return err
		}
		if wants != take && l.Clock.Since(l.began) > confirmFor {
			// What takes long must not keep what ends in the meantime from being revoked.
			if err := l.confirm(ctx); err != nil {
				return err
			}
		}
		if err := do(l, ctx, &l.rows[i]); err != nil {
			return err
		}
	}
	return nil
}

// collect takes over the rows of a lane that is done. One that is not is late.
func (p *pass) collect(l *lane) error {
	select {
	case <-l.done:
	default:
		l.late = true
		return nil
	}
	for i := range l.rows {
		*findRow(p.rows, l.rows[i].Key) = l.rows[i]
	}
	for _, key := range l.again {
		p.found.overtake(key)
	}
	l.rows, l.again = nil, nil
	if l.late {
		// It took no part in what came after.
		again := l.Clock.Now()
		if l.tired {
			again = again.Add(firstRetry)
		}
		l.found.wake(again)
	}
	l.late = false
	return l.err
}

// leaveLate waits for the lanes that are late, for nothing but that they end.
func (p *pass) leaveLate() {
	for _, l := range p.late() {
		<-l.done
	}
}

// gatherLanes waits for a moment for lanes to be done, and takes over the rows of those that are.
func (p *pass) gatherLanes(lanes []*lane) error {
	waiting, cancel := p.patience()
	defer cancel()
	var errs []error
	for _, l := range lanes {
		select {
		case <-l.done:
		case <-waiting.Done():
		}
		errs = append(errs, p.collect(l))
	}
	return cmp.Or(errs...)
}

func (p *pass) late() []*lane {
	return slices.DeleteFunc(slices.Clone(p.lanes), func(l *lane) bool { return !l.late })
}

// sum takes over what the lanes that are not late have found since it was last asked, in the order of their names.
func (p *pass) sum() {
	for _, l := range p.lanes {
		if l.late {
			continue
		}
		for _, o := range l.found.obstacles {
			p.obstruct(o.reason, "%s", o.message)
		}
		for key, message := range l.found.waits {
			p.found.waits[key] = message
		}
		for key, held := range l.found.heldBack {
			p.found.heldBack[key] = held
		}
		for _, i := range l.found.news {
			for _, name := range i.names {
				p.found.news.addNamed(i.kind, name)
			}
		}
		if !l.found.wakeAt.IsZero() {
			p.found.wake(l.found.wakeAt)
		}
		l.found = newFindings()
	}
}

// ready says whether a row can be called for now, and is about to be; if not, the pass comes back when it can.
func (l *lane) ready(r *row) bool {
	if r.NextTry != nil && r.NextTry.After(l.now) {
		if !l.hurried || l.Targets.asksForPeace(l.system.name) {
			l.found.wake(r.NextTry.Time)
			return false
		}
		// If its turn does not come in this pass, it is tried as soon as it does.
		r.NextTry = nil
	}
	if l.tired {
		l.found.wake(l.now.Add(firstRetry))
		return false
	}
	if l.Clock.Since(l.began) > passBudget {
		l.found.wake(l.Clock.Now())
		return false
	}
	if l.turnedAway != nil {
		return false
	}
	l.found.overtake(r.Key)
	l.again = append(l.again, r.Key)
	return true
}

// failed notes a failed attempt. A call that was not made, because too many are under way, because the target system does not answer anybody
// or because the operator stops, is none; the latter ends the pass. Nor is one that waits for a person: the grant changes, or its provider has
// news, once they have acted.
func (l *lane) failed(ctx context.Context, r *row, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case provider.IsWaiting(err):
		succeeded(r)
		l.found.waits[r.Key] = err.Error()
		return nil
	case provider.IsBusy(err):
		l.turnedAway = ptr.To(l.Clock.Now().Add(provider.RetryAfter(err)))
		l.found.wake(*l.turnedAway)
		return nil
	case provider.IsOpen(err):
		l.holdBack(r, err)
		return nil
	case errors.Is(err, context.DeadlineExceeded):
		l.tired = true
	}
	l.Targets.leaveAlone(l.system.name, min(provider.RetryAfter(err), maxRetry))
	r.Attempts++
	r.LastError = cut(err.Error())
	// Rounded up: what is stored is whole seconds, and must not be sooner than what was meant.
	r.NextTry = stamp(l.Clock.Now().Add(retryAfter(l.grant.UID, r.Key, r.Attempts, err) + time.Second - 1).Truncate(time.Second))
	l.found.wake(r.NextTry.Time)
	if r.Attempts == 1 {
		if r.State == v1alpha1.GrantRevoking {
			l.found.news.add(newsRevokeFailed, r)
		} else {
			l.found.news.add(newsGrantFailed, r)
		}
	}
	return nil
}

// heldBack is what is said of a row that is not called for, because its target system does not answer.
type heldBack struct {
	text string
	// pressing says that it is worth a write of its own.
	pressing bool
}

// heldBackWords tell the text of a row that is held back from what a target system answered.
const heldBackWords = "calls are held back until it does"

// holdBack has a row wait until its target system answers again, which brings the grant back; that it comes back by itself only makes sure.
// Of many grants that meet an outage together none writes only to say so, before it has lasted for a while.
func (l *lane) holdBack(r *row, err error) {
	again := l.began.Add(maxRetry - spread(maxRetry/5, string(l.grant.UID), r.Key))
	l.found.wake(again)
	if strings.HasSuffix(r.LastError, heldBackWords) {
		return
	}
	since, _, open := l.Targets.silence(l.system.name)
	l.found.heldBack[r.Key] = heldBack{cut(err.Error()), open && l.Clock.Since(since) > maxRetry/2}
}

func (l *lane) obstruct(reason, format string, args ...any) {
	l.found.obstacles = append(l.found.obstacles, obstacle{reason, fmt.Sprintf(format, args...)})
}

// stands makes sure, after what is to be given was noted, that its AccessProvider is there and not being deleted: from then on it
// cannot go before what is given in it.
func (l *lane) stands(ctx context.Context) (bool, error) {
	if l.standing != nil {
		return *l.standing, nil
	}
	newest := &v1alpha1.AccessProvider{}
	err := l.Reader.Get(ctx, client.ObjectKey{Name: l.system.name}, newest)
	if err != nil && !apierrors.IsNotFound(err) {
		return false, fmt.Errorf("reading AccessProvider %s again before giving access: %w", l.system.name, err)
	}
	stands := err == nil && newest.UID == l.system.object.UID && newest.DeletionTimestamp.IsZero() &&
		controllerutil.ContainsFinalizer(newest, v1alpha1.ProviderFinalizer)
	l.standing = &stands
	return stands, nil
}
