package talentpool

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/scoring"
	"github.com/longshore-dev/longshore/controllers/domain/terms"
)

// maxSample is how many evaluations count in a worker's score, the newest.
const maxSample = 50

// kindest is the prior that leaves the highest lower bound there can be: everybody is perfect, and evaluations of the same worker lie as close together as a
// prior ever assumes.
var kindest = v1alpha1.Prior{Mean: "100.0", Spread: "5.0"}

// tierProblems finds tiers that nobody can be in, or that pay nothing.
func tierProblems(spec *v1alpha1.TalentPoolSpec) []problem {
	var problems []problem
	say := func(format string, args ...any) {
		problems = append(problems, problem{v1alpha1.ReasonInvalid, fmt.Sprintf(format, args...)})
	}
	best := bestLow(spec, &kindest)
	for i := range spec.Tiers {
		tier := &spec.Tiers[i]
		if i == 0 && (tier.MinScore > 0 || tier.MinEvaluations > 0) {
			say("tier %s is the lowest and asks for a score or evaluations, which a new worker has not: leave minScore and minEvaluations out", tier.Name)
		}
		if i > 0 {
			below := &spec.Tiers[i-1]
			switch {
			case tier.MinScore < below.MinScore:
				say("tier %s comes after %s and is easier to reach (minScore %d after %d): list tiers from the lowest to the highest", tier.Name, below.Name, tier.MinScore, below.MinScore)
			case i > 1 && tier.MinScore == below.MinScore && tier.MinEvaluations <= below.MinEvaluations:
				say("nobody is ever in tier %s, since whoever earns it earns %s as well: raise minScore or minEvaluations of %s, or leave one of them out", below.Name, tier.Name, tier.Name)
			}
		}
		if tier.MinEvaluations > maxSample {
			say("nobody reaches tier %s, which asks for %d evaluations: a score rests on the newest %d, so ask for no more", tier.Name, tier.MinEvaluations, maxSample)
		}
		if float64(tier.MinScore) > best {
			say("nobody reaches tier %s, whose minScore is %d: the lower bound of a score is %.1f at the most, after %d evaluations of 100, so ask for less", tier.Name, tier.MinScore, best, maxSample)
		}
		if tier.RateMultiplier != "" && strings.Trim(tier.RateMultiplier, "0.") == "" {
			say("tier %s has rateMultiplier %s, by which the work would be offered for nothing: give a multiplier above 0, or leave it out for 1", tier.Name, tier.RateMultiplier)
		}
	}
	return problems
}

// scoringProblems finds what makes it impossible to score anybody, or to tell candidates apart.
func scoringProblems(spec *v1alpha1.TalentPoolSpec) []problem {
	var problems []problem
	if s := spec.Scoring; s != nil && s.HalfLife != "" {
		var epoch time.Time
		if end, err := terms.AddPeriod(epoch, s.HalfLife); err != nil {
			problems = append(problems, problem{v1alpha1.ReasonInvalid, fmt.Sprintf("nobody can be scored by scoring.halfLife: %v", err)})
		} else if !end.After(epoch) {
			problems = append(problems, problem{v1alpha1.ReasonInvalid,
				fmt.Sprintf("nobody can be scored by scoring.halfLife %s, which is no time at all: give a period such as P1Y, or leave it out for that", s.HalfLife)})
		}
	}
	if m := spec.Matching; m != nil && m.Weights != nil {
		weights := []*int32{m.Weights.Skills, m.Weights.Performance, m.Weights.Tier, m.Weights.Cost, m.Weights.Load, m.Weights.TimeZone}
		counts := false
		for _, weight := range weights {
			counts = counts || weight == nil || *weight > 0
		}
		if !counts {
			problems = append(problems, problem{v1alpha1.ReasonInvalid, "matching.weights leaves every part out, so that no candidate is better than another: give at least one part a weight above 0"})
		}
	}
	return problems
}

// outOfReach names the tiers that nobody can earn while the present prior is in force. It is no fault of the pool: the prior follows the scores.
func outOfReach(pool *v1alpha1.TalentPool) []string {
	prior := pool.Status.Prior
	if prior == nil {
		return nil
	}
	best := bestLow(&pool.Spec, prior)
	var notes []string
	for i := range pool.Spec.Tiers {
		if tier := &pool.Spec.Tiers[i]; float64(tier.MinScore) > best {
			applied, _ := scoring.Apply(&pool.Spec, prior)
			notes = append(notes, fmt.Sprintf("nobody reaches tier %s (minScore %d) while the pool's prior is a mean of %s with a spread of %s that counts for %d evaluations: the lower bound of a score is %.1f at the most, after %d evaluations of 100. The prior follows the pool's scores; to have the tier in reach before, lower minScore or scoring.priorStrength",
				tier.Name, tier.MinScore, applied.Mean, applied.Spread, applied.Strength, best, maxSample))
		}
	}
	return notes
}

// bestLow is the highest lower bound of a score that anybody can have under a prior: of as many perfect evaluations as count. It is the whole scale where the
// prior cannot be read.
func bestLow(spec *v1alpha1.TalentPoolSpec, prior *v1alpha1.Prior) float64 {
	applied, _ := scoring.Apply(spec, prior)
	perfect := make([]v1alpha1.RatedWork, 0, maxSample)
	for i := range maxSample {
		name := strconv.Itoa(i)
		perfect = append(perfect, v1alpha1.RatedWork{UID: types.UID(name), Name: name, Score: "100.0", At: metav1.Unix(0, 0)})
	}
	const whole = 100
	score, err := scoring.ScoreWorker(perfect, applied, "P1Y")
	if err != nil {
		return whole
	}
	low, err := strconv.ParseFloat(score.Low, 64)
	if err != nil {
		return whole
	}
	return low
}
