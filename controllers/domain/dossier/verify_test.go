package dossier

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// chain is n sealed engagements.
func chain(t *testing.T, n int) []v1alpha1.Dossier {
	t.Helper()
	var dossiers []v1alpha1.Dossier
	for range n {
		dossiers = append(dossiers, *mustSeal(t, HeadOf(dossiers...), closed()))
	}
	return dossiers
}

func TestTheHeadIsTheNewestWhateverTheOrder(t *testing.T) {
	c := chain(t, 3)
	if head := HeadOf(c[1], c[2], c[0]); head.Sequence != 3 || head.Hash != c[2].Spec.Hash {
		t.Errorf("the head is %+v, expected the third", head)
	}
	if head := HeadOf(); head != (Head{}) {
		t.Errorf("the head of nothing is %+v, expected an empty chain", head)
	}
}

func TestAWholeChainVerifies(t *testing.T) {
	c := chain(t, 4)
	shuffle(rand.New(rand.NewPCG(7, 7)), c)
	if err := Verify(c); err != nil {
		t.Errorf("an untouched chain in another order does not verify: %v", err)
	}
	if err := Verify(nil); err != nil {
		t.Errorf("an empty chain does not verify: %v", err)
	}
	c[1].Spec.Personal = nil
	if err := Verify(c); err != nil {
		t.Errorf("a chain with erased personal values does not verify: %v", err)
	}
}

func TestABrokenChainNamesTheFirstBreak(t *testing.T) {
	for _, tc := range []struct {
		name   string
		tamper func([]v1alpha1.Dossier) []v1alpha1.Dossier
		want   string
	}{
		{"the first is gone", func(c []v1alpha1.Dossier) []v1alpha1.Dossier { return c[1:] }, "dossier 0000000001 is missing"},
		{"one in the middle is gone", func(c []v1alpha1.Dossier) []v1alpha1.Dossier { return slices.Delete(c, 1, 2) }, "dossier 0000000002 is missing"},
		{"one is there twice", func(c []v1alpha1.Dossier) []v1alpha1.Dossier { return append(c, c[1]) }, "dossier 0000000002 has sequence number 2, which another one has"},
		{"one has no number", func(c []v1alpha1.Dossier) []v1alpha1.Dossier { c[0].Spec.Record.Sequence = 0; return c }, "dossier 0000000001 has sequence number 0"},
		{"one has another name", func(c []v1alpha1.Dossier) []v1alpha1.Dossier { c[2].Name = "3"; return c }, "dossier 3 has sequence number 3 and would be named 0000000003"},
		{"one names another before it", func(c []v1alpha1.Dossier) []v1alpha1.Dossier { c[2].Spec.Previous = c[0].Spec.Hash; return c }, "dossier 0000000003 names"},
		{"an outcome was changed", func(c []v1alpha1.Dossier) []v1alpha1.Dossier {
			c[1].Spec.Record.Outcome = v1alpha1.OutcomeTerminated
			return c
		}, "dossier 0000000002 was changed"},
		{"an outcome was changed and sealed anew", func(c []v1alpha1.Dossier) []v1alpha1.Dossier {
			c[1].Spec.Record.Outcome = v1alpha1.OutcomeTerminated
			c[1].Spec.Hash, _ = hash(&c[1].Spec)
			return c
		}, "dossier 0000000003 names"},
		{"a person was changed", func(c []v1alpha1.Dossier) []v1alpha1.Dossier { c[1].Spec.Personal[0].Value = "somebody"; return c }, "dossier 0000000002: the personal value p1 was changed"},
		{"a salt was changed", func(c []v1alpha1.Dossier) []v1alpha1.Dossier { c[1].Spec.Personal[1].Salt = "00"; return c }, "dossier 0000000002: the personal value p2 was changed"},
		{"a person was added", func(c []v1alpha1.Dossier) []v1alpha1.Dossier {
			c[1].Spec.Personal = append(c[1].Spec.Personal, v1alpha1.PersonalValue{Key: "p99"})
			return c
		}, "dossier 0000000002: the personal value p99 was added"},
		{"a person was taken out", func(c []v1alpha1.Dossier) []v1alpha1.Dossier {
			c[1].Spec.Personal = slices.Delete(c[1].Spec.Personal, 0, 1)
			return c
		}, "dossier 0000000002: the personal value p1 was taken out"},
		{"two breaks", func(c []v1alpha1.Dossier) []v1alpha1.Dossier {
			c[0].Spec.Record.Score, c[2].Spec.Record.Score = "0.0", "0.0"
			return c
		}, "dossier 0000000001 was changed"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := Verify(tc.tamper(chain(t, 3)))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("verifying gave %v, expected it to say %q", err, tc.want)
			}
		})
	}
}

// Whatever single value of a sealed record is changed, the chain breaks there.
func TestNoValueOfARecordCanBeChangedUnnoticed(t *testing.T) {
	var walk func(v reflect.Value, path string, visit func(reflect.Value, string))
	walk = func(v reflect.Value, path string, visit func(reflect.Value, string)) {
		switch {
		case v.Type() == reflect.TypeFor[metav1.Time]():
			visit(v, path)
		case v.Kind() == reflect.Struct:
			for i := range v.NumField() {
				walk(v.Field(i), path+"."+v.Type().Field(i).Name, visit)
			}
		case v.Kind() == reflect.Pointer && !v.IsNil():
			walk(v.Elem(), path, visit)
		case v.Kind() == reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i), fmt.Sprintf("%s[%d]", path, i), visit)
			}
		case v.Kind() == reflect.String, v.Kind() == reflect.Bool, v.Kind() == reflect.Int64, v.Kind() == reflect.Int32:
			visit(v, path)
		}
	}
	sealed := mustSeal(t, Head{}, closed())
	changed := 0
	walk(reflect.ValueOf(&sealed.Spec.Record).Elem(), "record", func(v reflect.Value, path string) {
		before := reflect.New(v.Type()).Elem()
		before.Set(v)
		switch value := v.Addr().Interface().(type) {
		case *metav1.Time:
			*value = metav1.NewTime(value.Add(time.Second))
		default:
			switch v.Kind() {
			case reflect.String:
				v.SetString(v.String() + "x")
			case reflect.Bool:
				v.SetBool(!v.Bool())
			default:
				v.SetInt(v.Int() + 1)
			}
		}
		changed++
		if err := Verify([]v1alpha1.Dossier{*sealed}); err == nil {
			t.Errorf("%s was changed and the chain still verifies", path)
		}
		v.Set(before)
	})
	if changed < 50 {
		t.Fatalf("only %d values were tried, expected all of the record", changed)
	}
	if err := Verify([]v1alpha1.Dossier{*sealed}); err != nil {
		t.Fatalf("with every value put back it does not verify: %v", err)
	}
}
