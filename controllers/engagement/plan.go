package engagement

import (
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/matching"
)

// planned is what the plan of a pool's open engagements means for one of them.
type planned struct {
	// Hash of the proposed terms that the plan was made for.
	Hash string
	// Worker to whom the work is to be offered; empty where everybody who could do it goes to another engagement.
	Worker string
	// Considered are the candidates as the plan saw them.
	Considered matching.Result
	// Unsettled says that others of the plan have yet to make their offers: until then it cannot be told whether there is anybody left.
	Unsettled bool

	// turn tells one plan's word from the next one's.
	turn int64
}

// same says whether two plans mean the same for an engagement.
func (p planned) same(other planned) bool { return p.Hash == other.Hash && p.Worker == other.Worker }

// demand asks for a plan.
type demand struct {
	// Hash of the proposed terms.
	Hash string
	// Ranked is who can do the work.
	Ranked matching.Result
	// Renews is the personKey of the one whose engagement is renewed.
	Renews string
}

// plans are what was planned for the open engagements of each pool and has not been acted upon yet. They live in memory alone: a pass that finds none asks for
// one. The zero value is ready to use.
type plans struct {
	mu    sync.Mutex
	pools map[types.NamespacedName]*poolPlan
	turn  int64
}

type poolPlan struct {
	// for each engagement that is to act upon it.
	entries map[types.NamespacedName]planned
	// asked for the next plan.
	asked map[types.NamespacedName]bool
}

func (p *plans) pool(key types.NamespacedName) *poolPlan {
	if p.pools == nil {
		p.pools = map[types.NamespacedName]*poolPlan{}
	}
	if p.pools[key] == nil {
		p.pools[key] = &poolPlan{entries: map[types.NamespacedName]planned{}, asked: map[types.NamespacedName]bool{}}
	}
	return p.pools[key]
}

// of is what is planned for an engagement, or nil.
func (p *plans) of(pool, engagement types.NamespacedName) *planned {
	p.mu.Lock()
	defer p.mu.Unlock()
	plan := p.pools[pool]
	if plan == nil {
		return nil
	}
	found, is := plan.entries[engagement]
	if !is {
		return nil
	}
	for _, other := range plan.entries {
		found.Unsettled = found.Unsettled || other.Worker != ""
	}
	return &found
}

// keep notes what a pass decided about the plan. It says whether a new one of the pool is to be made.
func (p *plans) keep(s *scope, d *decision) (pool types.NamespacedName, wanted bool) {
	pool = poolOf(s.Engagement)
	key := client.ObjectKeyFromObject(s.Engagement)
	if d.Actions.Plan != nil {
		return pool, p.ask(pool, key, s.Planned)
	}
	if s.Planned == nil || slices.ContainsFunc(d.Status.WaitingFor, func(w v1alpha1.WaitingFor) bool { return w.What == waitPlan }) {
		return pool, false
	}
	offered := ""
	if offer := offerOf(d.Status); offer != nil {
		offered = offer.Worker
	}
	return pool, p.settle(pool, key, offered)
}

// ask notes that an engagement needs another plan than the one that it saw. It says whether one is to be made: if there is another by now, that engagement has
// been woken for it.
func (p *plans) ask(pool, engagement types.NamespacedName, saw *planned) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	plan := p.pool(pool)
	if now, is := plan.entries[engagement]; is && (saw == nil || saw.turn != now.turn) {
		return false
	}
	plan.asked[engagement] = true
	return true
}

// settle notes that an engagement has no more use of what was planned for it: it offered the work to that worker, or it looks for nobody any more. It says
// whether a new plan is to be made, since somebody whom the plan left without a worker may have the one who is free now.
func (p *plans) settle(pool, engagement types.NamespacedName, offered string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.settleLocked(pool, engagement, offered)
}

// leave notes that an engagement is gone, or looks for somebody in another pool than before, and says of which pools a new plan is to be made. Whoever was planned
// for it would be kept from the others for good.
func (p *plans) leave(engagement, stays types.NamespacedName) []types.NamespacedName {
	p.mu.Lock()
	defer p.mu.Unlock()
	var wanted []types.NamespacedName
	for pool := range p.pools {
		if pool != stays && p.settleLocked(pool, engagement, "") {
			wanted = append(wanted, pool)
		}
	}
	return wanted
}

func (p *plans) settleLocked(pool, engagement types.NamespacedName, offered string) bool {
	plan := p.pools[pool]
	if plan == nil {
		return false
	}
	defer p.forgetEmpty(pool)
	was, is := plan.entries[engagement]
	delete(plan.entries, engagement)
	delete(plan.asked, engagement)
	if !is || was.Worker == "" || was.Worker == offered {
		return false
	}
	freed := false
	for other, entry := range plan.entries {
		if entry.Worker == "" {
			plan.asked[other], freed = true, true
		}
	}
	return freed
}

// demanded are the engagements that have asked for a plan of the pool since the last one.
func (p *plans) demanded(pool types.NamespacedName) map[types.NamespacedName]bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	plan := p.pools[pool]
	if plan == nil {
		return nil
	}
	defer p.forgetEmpty(pool)
	asked := plan.asked
	plan.asked = map[types.NamespacedName]bool{}
	return asked
}

// forgetEmpty drops what says nothing: engagements may name pools without end that there never were.
func (p *plans) forgetEmpty(pool types.NamespacedName) {
	if plan := p.pools[pool]; plan != nil && len(plan.entries)+len(plan.asked) == 0 {
		delete(p.pools, pool)
	}
}

// replace puts a new plan in the place of the last one, and says to which engagements it brings anything new.
func (p *plans) replace(pool types.NamespacedName, entries map[types.NamespacedName]planned) []types.NamespacedName {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.turn++
	plan := p.pool(pool)
	defer p.forgetEmpty(pool)
	var news []types.NamespacedName
	for key, entry := range entries {
		entry.turn = p.turn
		if old, is := plan.entries[key]; is && old.same(entry) {
			entry.turn = old.turn
		} else {
			news = append(news, key)
		}
		entries[key] = entry
	}
	plan.entries = entries
	return news
}
