package matching

import (
	"strings"
	"testing"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestAWorkerWhoCannotDoItIsExcludedWithAReason(t *testing.T) {
	requiring := func(name string, level int32) func(*Request) {
		return asking(func(r *v1alpha1.Requirements) {
			r.Skills = append(r.Skills, v1alpha1.SkillRequirement{Name: name, MinLevel: level, Required: true})
		})
	}
	languages := func(tags ...string) func(*Request) {
		return asking(func(r *v1alpha1.Requirements) { r.Languages = tags })
	}
	minTier := func(tier string) func(*Request) {
		return asking(func(r *v1alpha1.Requirements) { r.MinTier = tier })
	}
	hoursAWeek := func(n int32) func(*Request) {
		return asking(func(r *v1alpha1.Requirements) { r.HoursPerWeek = n })
	}
	atMost := func(n int32) func(*Request) {
		return func(r *Request) { r.Pool.Limits = &v1alpha1.PoolLimits{MaxConcurrentPerWorker: n} }
	}
	excluding := func(reason string) func(*Request) {
		return func(r *Request) { r.Exclude = map[string]string{"ada": reason} }
	}
	screened := func(s v1alpha1.ScreeningState) func(*Worker) { return func(w *Worker) { w.Screening = s } }
	rehire := func(r v1alpha1.Rehire, approved bool) func(*Worker) {
		return func(w *Worker) { w.Rehire, w.RehireApproved = r, approved }
	}
	documents := func(names ...string) func(*Request) {
		return asking(func(r *v1alpha1.Requirements) { r.Documents = names })
	}
	offered := func(n int32) func(*Worker) { return func(w *Worker) { w.Offered = n } }
	tenured := func(limit time.Time) func(*Worker) {
		return func(w *Worker) { w.Tenure = &Tenure{Policy: "leased-workers", Limit: limit} }
	}
	engaged := func(n int32) func(*Worker) { return func(w *Worker) { w.Engaged = n } }
	from := func(at time.Time) func(*Worker) {
		return available(func(a *v1alpha1.Availability) { a.From = metaTime(at) })
	}
	until := func(at time.Time) func(*Worker) {
		return available(func(a *v1alpha1.Availability) { a.Until = metaTime(at) })
	}

	for _, tc := range []struct {
		name   string
		req    Request
		worker Worker
		// reason is what a person reads; empty for an eligible worker.
		reason string
	}{
		{"nothing asked", request(), worker("ada"), ""},

		{"never screened", request(), worker("ada", screened("")), "has not passed the pool's screening yet"},
		{"screening under way", request(), worker("ada", screened(v1alpha1.ScreeningInProgress)), "has not passed the pool's screening yet"},
		{"screening failed", request(), worker("ada", screened(v1alpha1.ScreeningFailed)), "failed the pool's screening"},
		{"screening lapsed", request(), worker("ada", screened(v1alpha1.ScreeningLapsed)), "screening has lapsed: a certificate it rests on has expired"},

		{"a skill at the level asked", request(requiring("go", 3)), worker("ada", skilled("go", 3)), ""},
		{"a skill above the level asked", request(requiring("go", 3)), worker("ada", skilled("go", 5)), ""},
		{"a skill below the level asked", request(requiring("go", 3)), worker("ada", skilled("go", 2)), "has go at level 2, 3 is asked for"},
		{"a skill that is missing", request(requiring("go", 3)), worker("ada", skilled("rust", 5)), "lacks the skill go"},
		{"a skill without a level is a beginner's", request(requiring("go", 2)), worker("ada", skilled("go", 0)), "has go at level 1, 2 is asked for"},
		{"any level where none is asked", request(requiring("go", 0)), worker("ada", skilled("go", 0)), ""},
		{"a skill that only ranks", request(asking(func(r *v1alpha1.Requirements) {
			r.Skills = []v1alpha1.SkillRequirement{{Name: "go", MinLevel: 5}}
		})), worker("ada"), ""},
		{"skill names are exact", request(requiring("go", 1)), worker("ada", skilled("Go", 5)), "lacks the skill go"},

		{"the language itself", request(languages("en")), worker("ada", speaking("en")), ""},
		{"a region of the language", request(languages("en")), worker("ada", speaking("pt", "en-GB")), ""},
		{"the language of another region", request(languages("en-GB")), worker("ada", speaking("en-US")), "does not speak en-GB"},
		{"a region that is asked for and not stated", request(languages("en-GB")), worker("ada", speaking("en")), "does not speak en-GB"},
		{"a language with the same beginning", request(languages("es")), worker("ada", speaking("est")), "does not speak es"},
		{"case says nothing", request(languages("EN-gb")), worker("ada", speaking("en-GB")), ""},
		{"all languages are asked for", request(languages("de", "en", "fr")), worker("ada", speaking("en")), "does not speak de, fr"},

		{"the tier asked", request(minTier("Gold")), worker("ada", ofTier("Gold")), ""},
		{"a higher tier", request(minTier("Gold")), worker("ada", ofTier("Platinum")), ""},
		{"a lower tier", request(minTier("Gold")), worker("ada"), "is in tier Standard, Gold is asked for"},
		{"no tier yet is the lowest", request(minTier("Gold")), worker("ada", ofTier("")), "is in tier Standard, Gold is asked for"},
		{"a tier the pool gave up is the lowest", request(minTier("Gold")), worker("ada", ofTier("Silver")), "is in tier Standard, Gold is asked for"},
		{"a tier the pool does not have", request(minTier("Diamond")), worker("ada", ofTier("Platinum")), "tier Diamond is asked for, and the pool has no such tier"},
		{"the one tier of a pool without tiers", request(minTier(v1alpha1.DefaultTier), func(r *Request) { r.Pool.Tiers = nil }), worker("ada", ofTier("")), ""},

		{"just enough hours", request(hoursAWeek(20)), worker("ada", working(40, 20)), ""},
		{"too few hours left", request(hoursAWeek(20)), worker("ada", working(40, 21)), "has 19 hours a week free, 20 are asked for"},
		{"overbooked", request(hoursAWeek(20)), worker("ada", working(40, 60)), "has 0 hours a week free, 20 are asked for"},
		{"hours that are not stated are not limited", request(hoursAWeek(60)), worker("ada", working(0, 30)), ""},
		{"hours that are not asked for", request(), worker("ada", working(10, 10)), ""},

		{"available all the time", request(), worker("ada", available(func(*v1alpha1.Availability) {})), ""},
		{"available from the start", request(), worker("ada", from(workStart)), ""},
		{"available too late", request(), worker("ada", from(workStart.Add(36*time.Hour))), "is available only from 2026-12-02"},
		{"available until the end", request(), worker("ada", until(workEnd)), ""},
		{"gone too early", request(), worker("ada", until(workEnd.Add(-36*time.Hour))), "is available only until 2026-12-30"},

		{"no more engagements than allowed", request(atMost(2)), worker("ada", engaged(1)), ""},
		{"as many engagements as allowed", request(atMost(2)), worker("ada", engaged(2)), "holds 2 of the 2 engagements that the pool allows a person at a time"},
		{"open offers take places too", request(atMost(2)), worker("ada", engaged(1), offered(1)), "holds 1 and has been offered 1 of the 2 engagements that the pool allows a person at a time"},
		{"nothing but open offers", request(atMost(2)), worker("ada", offered(2)), "has been offered 2 of the 2 engagements that the pool allows a person at a time"},
		{"an open offer and a place left", request(atMost(3)), worker("ada", engaged(1), offered(1)), ""},
		{"more than a limit that was lowered", request(atMost(1)), worker("ada", engaged(3)), "holds 3 of the 1 engagements"},
		{"no limit", request(func(r *Request) { r.Pool.Limits = &v1alpha1.PoolLimits{} }), worker("ada", engaged(50)), ""},

		{"a document without an expiry", request(documents("work-permit")), worker("ada", holding("work-permit", nil)), ""},
		{"a document that expires as the work ends", request(documents("work-permit")), worker("ada", holding("work-permit", metaTime(workEnd))), ""},
		{"a document that expires before the end", request(documents("work-permit")), worker("ada", holding("work-permit", metaTime(workEnd.Add(-time.Second)))), "the document work-permit expires on 2027-01-01, before the end"},
		{"a document that nobody holds", request(documents("work-permit")), worker("ada", holding("passport", nil)), "does not hold the document work-permit"},
		{"all documents are asked for", request(documents("work-permit", "passport", "insurance")), worker("ada", holding("passport", nil), holding("insurance", metaTime(workStart))),
			"does not hold the document work-permit; the document insurance expires on 2026-12-01, before the end"},
		{"documents that are not asked for", request(), worker("ada", holding("work-permit", metaTime(workStart))), ""},

		{"no tenure limit", request(), worker("ada"), ""},
		{"a tenure limit at the end", request(), worker("ada", tenured(workEnd)), ""},
		{"a tenure limit before the end", request(), worker("ada", tenured(workEnd.Add(-time.Second))), "reaches the tenure limit of policy leased-workers on 2027-01-01, before the end"},

		{"eligible for rehire", request(), worker("ada", rehire(v1alpha1.RehireEligible, false)), ""},
		{"not to be engaged again", request(), worker("ada", rehire(v1alpha1.RehireIneligible, true)), "was decided not to be engaged again"},
		{"review needed", request(), worker("ada", rehire(v1alpha1.RehireWithReview, false)), "is to be engaged again only after a review: attest approval/rehire"},
		{"review approved", request(), worker("ada", rehire(v1alpha1.RehireWithReview, true)), ""},

		{"ruled out with a reason", request(excluding("declined this offer")), worker("ada"), "declined this offer"},
		{"ruled out without one", request(excluding("")), worker("ada"), "is ruled out for this engagement"},
		{"somebody else ruled out", request(func(r *Request) { r.Exclude = map[string]string{"bob": "declined this offer"} }), worker("ada"), ""},

		{"the rate offered needs none of their own", request(), worker("ada"), ""},
		{"the rate offered settles the currency", request(), worker("ada", charging("90", "EUR", v1alpha1.PerHour)), ""},
		{"no rate anywhere", request(atOwnRate), worker("ada"), "there is no rate to offer"},
		{"an own rate in the budget's currency", request(atOwnRate), worker("ada", charging("90", "USD", v1alpha1.PerHour)), ""},
		{"an own rate in another currency", request(atOwnRate), worker("ada", charging("90", "EUR", v1alpha1.PerHour)), "the rate is in EUR and the budget in USD"},
		{"a fixed rate of just the budget", request(atOwnRate), worker("ada", charging("5000", "USD", v1alpha1.PerFixed)), ""},
		{"a fixed rate above the budget", request(atOwnRate), worker("ada", charging("5000.001", "USD", v1alpha1.PerFixed)), "5000.001"},
		{"a fixed rate that the tier lifts above the budget", request(atOwnRate), worker("ada", ofTier("Platinum"), charging("4001", "USD", v1alpha1.PerFixed)), "5001.25"},
		{"a rate that is no number", request(atOwnRate), worker("ada", charging("-1", "USD", v1alpha1.PerHour)), "-1"},

		{"several reasons at once", request(requiring("go", 3), languages("de")), worker("ada", screened(v1alpha1.ScreeningFailed), skilled("go", 1)),
			"failed the pool's screening; has go at level 1, 3 is asked for; does not speak de"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			result := Rank(tc.req, []Worker{tc.worker})
			if len(result.Candidates) != 1 {
				t.Fatalf("one worker was considered and %d candidates are reported", len(result.Candidates))
			}
			c := result.Candidates[0]
			if tc.reason == "" {
				if c.State != v1alpha1.CandidateEligible || result.Eligible != 1 {
					t.Errorf("the worker is excluded because %q, expected them to be eligible", c.Reason)
				}
				return
			}
			if c.State != v1alpha1.CandidateExcluded || result.Eligible != 0 || len(result.Ranked) != 0 {
				t.Errorf("the worker is %s, expected them to be excluded because %q", c.State, tc.reason)
			}
			if !strings.Contains(c.Reason, tc.reason) {
				t.Errorf("the worker is excluded because %q, expected because %q", c.Reason, tc.reason)
			}
			if c.Score != "" || len(c.Parts) > 0 {
				t.Errorf("the excluded worker has a score of %q, expected none", c.Score)
			}
		})
	}
}

func TestALongReasonIsCutBetweenCharacters(t *testing.T) {
	req := request(asking(func(r *v1alpha1.Requirements) {
		for range 20 {
			r.Skills = append(r.Skills, v1alpha1.SkillRequirement{Name: strings.Repeat("é", 63), Required: true})
		}
	}))
	reason := Rank(req, []Worker{worker("ada")}).Candidates[0].Reason
	if len(reason) > maxReason || !strings.HasSuffix(reason, "é…") {
		t.Errorf("the reason has %d bytes and ends in %q, expected at most %d and a cut that shows", len(reason), reason[len(reason)-6:], maxReason)
	}
	if strings.ToValidUTF8(reason, "") != reason {
		t.Errorf("the reason %q was cut within a character", reason)
	}
}

func TestAPinnedWorkerSkipsTheRequirementsAndNothingElse(t *testing.T) {
	demanding := func(changes ...func(*Request)) Request {
		return request(append([]func(*Request){
			func(r *Request) {
				r.Pinned = "ada"
				r.Pool.Limits = &v1alpha1.PoolLimits{MaxConcurrentPerWorker: 1}
			},
			asking(func(r *v1alpha1.Requirements) {
				r.Skills = []v1alpha1.SkillRequirement{{Name: "go", MinLevel: 5, Required: true}}
				r.Languages, r.MinTier, r.HoursPerWeek, r.Documents = []string{"de"}, "Platinum", 40, []string{"work-permit"}
				r.TimeZoneOverlap = &v1alpha1.TimeZoneOverlap{Zone: "Europe/Berlin", Hours: 8}
			}),
		}, changes...)...)
	}
	unfit := func(changes ...func(*Worker)) Worker {
		return worker("ada", append([]func(*Worker){working(10, 5), in("Asia/Tokyo")}, changes...)...)
	}
	for _, tc := range []struct {
		name   string
		req    Request
		worker Worker
		reason string
	}{
		{"who fits nothing that is asked for", demanding(), unfit(), ""},
		{"who is not screened", demanding(), unfit(func(w *Worker) { w.Screening = v1alpha1.ScreeningInProgress }), "has not passed the pool's screening yet"},
		{"who is ruled out", demanding(func(r *Request) { r.Exclude = map[string]string{"ada": "declined this offer"} }), unfit(), "declined this offer"},
		{"who is not to be engaged again", demanding(), unfit(func(w *Worker) { w.Rehire = v1alpha1.RehireIneligible }), "was decided not to be engaged again"},
		{"whose tenure ends before the work", demanding(), unfit(func(w *Worker) { w.Tenure = &Tenure{Policy: "leased-workers", Limit: workStart} }), "reaches the tenure limit"},
		{"who has been offered as much as the pool allows", demanding(), unfit(func(w *Worker) { w.Offered = 1 }), "has been offered 1 of the 1 engagements"},
		{"who is engaged as often as the pool allows", demanding(), unfit(func(w *Worker) { w.Engaged = 1 }), "holds 1 of the 1 engagements"},
		{"to whom no rate can be offered", demanding(atOwnRate), unfit(), "there is no rate to offer"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			result := Rank(tc.req, []Worker{worker("bob"), tc.worker, worker("zoe")})
			if result.Considered != 1 || len(result.Candidates) != 1 || result.Candidates[0].Worker != "ada" {
				t.Fatalf("%d workers are considered and %v reported, expected the pinned one alone", result.Considered, result.Candidates)
			}
			if got := result.Candidates[0]; (got.State == v1alpha1.CandidateEligible) != (tc.reason == "") || !strings.Contains(got.Reason, tc.reason) {
				t.Errorf("the pinned worker is %s because %q, expected the reason %q", got.State, got.Reason, tc.reason)
			}
		})
	}
}

func TestAPinnedWorkerWhoIsNoMemberIsNamed(t *testing.T) {
	result := Rank(request(func(r *Request) { r.Pinned = "ada" }), []Worker{worker("bob")})
	if len(result.Ranked) != 0 || result.Eligible != 0 || result.Considered != 0 {
		t.Errorf("%v can do it, expected nobody: the pinned worker is not there", result.Ranked)
	}
	if len(result.Candidates) != 1 || result.Candidates[0].Worker != "ada" || result.Candidates[0].Reason != "is not a member of the pool" {
		t.Errorf("the candidates are %v, expected ada, excluded as no member of the pool", result.Candidates)
	}
}
