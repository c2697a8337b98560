package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const root = "../.."

func TestTheGuardRailsAreFresh(t *testing.T) {
	files, err := render()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		content, err := os.ReadFile(filepath.Join(root, folder, f.path))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(f.content), string(content)); diff != "" {
			t.Errorf("%s is not what is generated: run make generate-policies (-want +got):\n%s", f.path, diff)
		}
	}
}

func TestAnEmptyFolderIsFilled(t *testing.T) {
	into := t.TempDir()
	if err := generate(into); err != nil {
		t.Fatal(err)
	}
	for _, r := range rules {
		for _, folder := range []string{"parameters", "vap", "kyverno", "gatekeeper/templates", "gatekeeper/constraints"} {
			if _, err := os.Stat(filepath.Join(into, folder, r.fileName())); err != nil {
				t.Errorf("%s should be there for every engine: %v", r.name, err)
			}
		}
	}
}
