package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func printed(t *testing.T, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	if err := run(args, &out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestTheKindsCanBePrintedTogetherOrAlone(t *testing.T) {
	small := []string{"-agents", "10", "-days", "2"}
	all := printed(t, small...)
	parts := ""
	for only, kind := range map[string]string{"workers": "Worker", "engagements": "Engagement", "assignments": "Assignment"} {
		part := printed(t, append(small, "-only", only)...)
		if strings.Count(part, "\nkind: "+kind+"\n") != strings.Count(part, "---\n") || part == "" {
			t.Errorf("expected -only %s to print objects of kind %s alone:\n%s", only, kind, part)
		}
		parts += part
	}
	if len(parts) != len(all) {
		t.Errorf("the three kinds alone are %d bytes, expected as much as all together, %d", len(parts), len(all))
	}
}

func TestFilesHoldWhatWouldBePrinted(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "floor")
	if out := printed(t, "-agents", "10", "-days", "2", "-dir", dir); out != "" {
		t.Errorf("expected nothing to be printed beside the files, got %s", out)
	}
	for _, only := range []string{"workers", "engagements", "assignments"} {
		content, err := os.ReadFile(filepath.Join(dir, only+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if want := printed(t, "-agents", "10", "-days", "2", "-only", only); string(content) != want {
			t.Errorf("expected %s.yaml to hold what -only %s prints", only, only)
		}
	}
}

func TestNamespaceAndSeedAreTheUsers(t *testing.T) {
	if other := printed(t, "-agents", "5", "-days", "1", "-namespace", "elsewhere"); strings.Contains(other, "namespace: care") || !strings.Contains(other, "namespace: elsewhere") {
		t.Errorf("expected every object in the namespace that was asked for:\n%s", other)
	}
	if printed(t, "-seed", "1") == printed(t, "-seed", "2") {
		t.Error("expected another floor from another seed")
	}
	if err := run([]string{"-only", "people"}, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "there are no people") {
		t.Errorf("expected an unknown kind to be refused by name, got %v", err)
	}
}
