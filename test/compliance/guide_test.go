package compliance

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/policy"
)

func guide(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/guides/compliance.md")
	if err != nil {
		t.Fatalf("reading the guide: %v", err)
	}
	return string(text)
}

var yamlBlock = regexp.MustCompile("(?ms)^```yaml\n(.*?)\n```$")

// blocks are the objects of a kind that the guide shows.
func blocks(t *testing.T, kind string) []string {
	t.Helper()
	var found []string
	for _, block := range yamlBlock.FindAllStringSubmatch(guide(t), -1) {
		if strings.Contains(block[1], "\nkind: "+kind+"\n") {
			found = append(found, block[1])
		}
	}
	if len(found) == 0 {
		t.Fatalf("the guide should show objects of kind %s", kind)
	}
	return found
}

func TestTheGuideShowsWhatTheCatalogueFinds(t *testing.T) {
	var eng v1alpha1.Engagement
	if err := sigsyaml.UnmarshalStrict([]byte(blocks(t, "Engagement")[0]), &eng); err != nil {
		t.Fatalf("reading the engagement of the guide: %v", err)
	}
	verdict := policy.Judge(shipped(t), given(nobodyYet, func(c *policy.Case) { c.Engagement, c.Now = &eng, on("2026-11-22").Time }))
	var want []string
	for _, f := range verdict.Violations {
		want = append(want, string(f.Enforcement)+": "+f.Message)
	}
	shown := regexp.MustCompile(`(?m)^Deny: .*$`).FindAllString(guide(t), -1)
	if diff := cmp.Diff(want, shown); diff != "" {
		t.Errorf("the guide should show what the catalogue finds (-found +shown):\n%s", diff)
	}
}

func TestThePoliciesOfTheGuideCanBeEvaluated(t *testing.T) {
	for _, block := range blocks(t, "CompliancePolicy") {
		for _, p := range decode(t, "the guide", []byte(block)) {
			for _, problem := range policy.Problems(&p.Spec) {
				t.Errorf("%s of the guide should be Ready: %s", p.Name, problem)
			}
		}
	}
}

func TestTheGuideNamesEveryPolicyAndEveryStatementThatTheCatalogueAsksFor(t *testing.T) {
	text := guide(t)
	claims := regexp.MustCompile(`feedback/[a-z-]+`)
	for _, p := range shipped(t) {
		if !strings.Contains(text, "\n"+p.Name+" ") {
			t.Errorf("the guide should list %s among what is installed", p.Name)
		}
		for _, r := range p.Spec.Rules {
			for _, claim := range claims.FindAllString(r.Expression, -1) {
				if !strings.Contains(text, "`"+claim+"`") {
					t.Errorf("the guide should say who states %s, which %s asks for", claim, p.Name)
				}
			}
		}
	}
}
