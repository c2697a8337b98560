package engagement

import (
	"slices"
	"sync"

	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/resourceversion"
)

// places remembers who was offered or given an engagement, until the cache shows it: passes that run side by side on a stale cache must not give the last
// place of a person twice. The leader alone gives places, so memory is enough.
type places struct {
	mu    sync.Mutex
	given map[types.UID]givenPlace
}

// givenPlace is a place that the cache may not show yet.
type givenPlace struct {
	place
	Person     string
	Engagement types.NamespacedName
	// PerWeek are the hours a week that the person gives; 0 for no limit.
	PerWeek int32
	// version of the engagement that shows it; empty while it is being written. Of a doubtful one, the version that it was to replace.
	version string
	// doubtful says that nobody knows whether it was written.
	doubtful bool
}

// shownVersion is the version of an engagement that the cache shows; empty if there is none.
type shownVersion func(types.NamespacedName) string

// pending are the places that the cache does not show yet, by person.
func (p *places) pending(shown shownVersion) map[string][]place {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pendingLocked(shown)
}

func (p *places) pendingLocked(shown shownVersion) map[string][]place {
	pending := map[string][]place{}
	for uid, g := range p.given {
		if g.version != "" {
			version := shown(g.Engagement)
			order, err := resourceversion.CompareResourceVersion(version, g.version)
			if version == "" || err != nil || order > 0 || order == 0 && !g.doubtful {
				delete(p.given, uid)
				continue
			}
		}
		pending[g.Person] = append(pending[g.Person], g.place)
	}
	return pending
}

// take gives a place if the person has one left, and the hours for it, and says whether it did. What the cache shows is read once nobody else can take one. An
// acceptance counts against what was accepted, an offer against the other offers too; whoever accepts has the hours that they were offered.
func (p *places) take(g givenPlace, limit int32, read func() (load, error), shown shownVersion, without ...types.UID) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	cached, err := read()
	if err != nil {
		return false, err
	}
	engaged, offered, hours := cached.with(p.pendingLocked(shown)[g.Person]).taken(append(without, g.UID)...)
	if g.Offered {
		engaged += offered
	}
	if limit > 0 && engaged >= limit || g.Offered && g.Hours > 0 && g.PerWeek > 0 && hours+g.Hours > g.PerWeek {
		return false, nil
	}
	if p.given == nil {
		p.given = map[types.UID]givenPlace{}
	}
	p.given[g.UID] = g
	return true, nil
}

// wrote says which version of the engagement shows the place. Without one nothing was written, and the place is free again.
func (p *places) wrote(uid types.UID, version string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g, is := p.given[uid]
	switch {
	case !is:
	case version == "":
		delete(p.given, uid)
	default:
		g.version = version
		p.given[uid] = g
	}
}

// doubt says that the answer to the write was lost. It was made against a version, so whatever comes after that one shows whether it arrived.
func (p *places) doubt(uid types.UID, against string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if g, is := p.given[uid]; is {
		g.version, g.doubtful = against, true
		p.given[uid] = g
	}
}

// with is the load with places that the cache does not show.
func (l load) with(pending []place) load {
	if len(pending) == 0 {
		return l
	}
	l.Places = slices.DeleteFunc(slices.Clone(l.Places), func(known place) bool {
		return slices.ContainsFunc(pending, func(p place) bool { return p.UID == known.UID })
	})
	l.Places = append(l.Places, pending...)
	return l
}
