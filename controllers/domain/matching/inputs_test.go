package matching

import (
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// inputs are all that the engine reads of a worker, as the guide lists them. A name ends where everything below it is read.
var inputs = []string{
	"availability.from", "availability.hoursPerWeek", "availability.until", "documents.expiresAt", "documents.name", "languages", "rate", "skills", "timeZone",
	"engaged", "hoursTaken", "name", "offered", "performance", "rehire", "rehireApproved", "screening", "tenure", "tier",
}

// TestTheEngineReadsNothingElse gives everything else of a worker another value, one after the other: nothing about the ranking changes. A field that is added
// to a Worker is thereby one that the engine does not read until the guide says so.
func TestTheEngineReadsNothingElse(t *testing.T) {
	unread := 0
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 17))
		req, workers := random(r)
		workers = append(workers, worker("zoe", holding("work-permit", nil), working(40, 0)))
		want := Rank(req, workers)
		i := r.IntN(len(workers))
		for _, path := range fields(reflect.TypeFor[Worker](), "") {
			if slices.ContainsFunc(inputs, func(input string) bool { return path == input || strings.HasPrefix(path, input+".") }) {
				continue
			}
			unread++
			changed := slices.Clone(workers)
			changed[i].Spec = workers[i].Spec.DeepCopy()
			set(reflect.ValueOf(&changed[i]).Elem(), strings.Split(path, "."))
			got := Rank(req, changed)
			if path == "personKey" {
				for j := range got.Ranked { // It joins the Worker objects of one person in a plan, and is of no weight.
					got.Ranked[j].PersonKey = "person-of-" + got.Ranked[j].Name
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Fatalf("another %s of %s changes the ranking, and the guide does not list it (-expected +got):\n%s", path, workers[i].Name, diff)
			}
		}
	}
	if unread == 0 {
		t.Error("expected that there is something of a worker that is not read")
	}
}

// fields are the paths of everything that can be set in a Worker and in its spec, by the names that people write.
func fields(of reflect.Type, prefix string) []string {
	for of.Kind() == reflect.Pointer || of.Kind() == reflect.Slice {
		of = of.Elem()
	}
	if of.Kind() != reflect.Struct || !strings.Contains(of.PkgPath(), "longshore") {
		return []string{strings.TrimSuffix(prefix, ".")}
	}
	var paths []string
	for i := range of.NumField() {
		name := written(of.Field(i))
		if name == "spec" {
			paths = append(paths, fields(of.Field(i).Type, "")...)
			continue
		}
		paths = append(paths, fields(of.Field(i).Type, prefix+name+".")...)
	}
	return paths
}

// written is a field's name in YAML, or as it would be.
func written(f reflect.StructField) string {
	if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
		return name
	}
	return strings.ToLower(f.Name[:1]) + f.Name[1:]
}

// set gives what a path leads to another value.
func set(v reflect.Value, path []string) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		set(v.Elem(), path)
	case reflect.Slice:
		if v.Len() == 0 && len(path) == 0 || v.Len() == 0 && v.Type().Elem().Kind() == reflect.Struct && !isInput(v.Type().Elem()) {
			v.Set(reflect.Append(v, reflect.New(v.Type().Elem()).Elem()))
		}
		for i := range v.Len() {
			set(v.Index(i), path)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if len(path) > 0 && (written(v.Type().Field(i)) == path[0]) {
				set(v.Field(i), path[1:])
				return
			}
		}
		if f := v.FieldByName("Spec"); f.IsValid() {
			set(f, path)
		}
	case reflect.String:
		v.SetString(v.String() + "another")
	case reflect.Int32, reflect.Int64:
		v.SetInt(v.Int() + 7)
	case reflect.Bool:
		v.SetBool(!v.Bool())
	default:
		panic(fmt.Sprintf("the test has no other value for %s", v.Type()))
	}
}

// isInput says whether to add an element is to say something that is read: that a document is held.
func isInput(of reflect.Type) bool { return of == reflect.TypeFor[v1alpha1.WorkerDocument]() }

func TestEveryInputOfTheEngineMatters(t *testing.T) {
	paths := fields(reflect.TypeFor[Worker](), "")
	for _, input := range inputs {
		if !slices.ContainsFunc(paths, func(path string) bool { return path == input || strings.HasPrefix(path, input+".") }) {
			t.Errorf("%s is listed as an input, and no worker has it", input)
		}
	}
}

func TestTheGuideListsTheInputs(t *testing.T) {
	guide, err := os.ReadFile("../../../docs/guides/matching.md")
	if err != nil {
		t.Fatalf("reading the guide: %v", err)
	}
	_, table, _ := strings.Cut(string(guide), "| read of a worker |")
	table, _, _ = strings.Cut(table, "\n\n")
	var listed []string
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-zA-Z.]+)`").FindAllStringSubmatch(table, -1) {
		listed = append(listed, row[1])
	}
	slices.Sort(listed)
	want := slices.Sorted(slices.Values(inputs))
	if diff := cmp.Diff(want, listed); diff != "" {
		t.Errorf("docs/guides/matching.md lists other inputs than the engine reads (-engine +guide):\n%s", diff)
	}
}
