package scoring

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"testing"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

var oneDecimal = regexp.MustCompile(`^(100\.0|[0-9]{1,2}\.[0-9])$`)

func FuzzAScoreIsBetweenZeroAndAHundred(f *testing.F) {
	for seed := range uint64(500) {
		f.Add(seed, "4.25", "-17.000001")
	}
	f.Add(uint64(1), "1e9", "1/0")
	f.Add(uint64(2), "999999999999.999999", "-999999999999")
	f.Fuzz(func(t *testing.T, seed uint64, score, value string) {
		r := rand.New(rand.NewPCG(seed, 1))
		number := func() string { return fmt.Sprintf("%d.%d", r.IntN(2000)-1000, r.IntN(1000)) }
		var card v1alpha1.ScorecardSpec
		var eval v1alpha1.EvaluationSpec
		var computed []v1alpha1.KPIValue
		for i := range r.IntN(4) {
			low := int32(r.IntN(5))
			card.Criteria = append(card.Criteria, criterion(fmt.Sprint(i), 1+int32(r.IntN(1000)), low, low+1+int32(r.IntN(10))))
			given := score
			if r.IntN(8) > 0 {
				given = fmt.Sprintf("%d.5", low)
			}
			eval.Scores = append(eval.Scores, v1alpha1.CriterionScore{Name: fmt.Sprint(i), Score: given})
		}
		for i := range r.IntN(4) {
			k := kpi(fmt.Sprint(i), 1+int32(r.IntN(1000)), v1alpha1.KPIReported, number(), number())
			if r.IntN(3) == 0 {
				k.Band = &v1alpha1.Band{Low: number(), High: number()}
			}
			if r.IntN(2) == 0 {
				k.Source = v1alpha1.KPIPointsAccepted
				computed = append(computed, v1alpha1.KPIValue{Name: k.Name, Value: value, Sample: int32(r.IntN(3))})
			} else {
				reporting(&eval, k.Name, value, 1)
			}
			card.KPIs = append(card.KPIs, k)
		}
		got, err := Score(&card, &eval, computed)
		if err != nil {
			if got != "" {
				t.Errorf("a refused evaluation scores %q as well", got)
			}
			return
		}
		if !oneDecimal.MatchString(got) {
			t.Errorf("the score is %q; it lies between 0 and 100 and has one decimal", got)
		}
		slices.Reverse(card.Criteria)
		slices.Reverse(card.KPIs)
		slices.Reverse(computed)
		if again, err := Score(&card, &eval, computed); err != nil || again != got {
			t.Errorf("in another order the same scorecard scores %s, %v, and not %s", again, err, got)
		}
	})
}
