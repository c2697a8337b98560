package cluster

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

func TestAssetsAreFoundWhereTheyAreBuilt(t *testing.T) {
	fill := func(t *testing.T, dir string, names []string, age time.Duration) string {
		t.Helper()
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if err := os.WriteFile(filepath.Join(dir, name), nil, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		built := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Add(-age)
		if err := os.Chtimes(dir, built, built); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	cases := map[string]func(t *testing.T, given, cache string) (want string){
		"the folder that is given": func(t *testing.T, given, cache string) string {
			fill(t, filepath.Join(cache, "controlplane", "a"), programs, 0)
			return fill(t, given, programs, time.Hour)
		},
		"not the folder that is given, if it lacks a program: setup-envtest has no controller manager": func(t *testing.T, given, cache string) string {
			fill(t, given, []string{"etcd", "kube-apiserver", "kubectl"}, 0)
			return fill(t, filepath.Join(cache, "controlplane", "a"), programs, 0)
		},
		"the newest build": func(t *testing.T, _, cache string) string {
			fill(t, filepath.Join(cache, "controlplane", "a"), programs, time.Hour)
			want := fill(t, filepath.Join(cache, "controlplane", "b"), programs, time.Minute)
			fill(t, filepath.Join(cache, "controlplane", "c"), programs, 2*time.Hour)
			return want
		},
		"not a build that is under way": func(t *testing.T, _, cache string) string {
			fill(t, filepath.Join(cache, "controlplane", "b"), nil, 0)
			return fill(t, filepath.Join(cache, "controlplane", "a"), programs, time.Hour)
		},
		"nothing, if nothing is built": func(*testing.T, string, string) string { return "" },
	}
	for name, prepare := range cases {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			given, cache := filepath.Join(t.TempDir(), "given"), t.TempDir()
			t.Setenv(assetsVariable, given)
			t.Setenv(cacheVariable, cache)
			want := prepare(t, given, cache)

			got, err := findAssets()

			if want == "" {
				g.Expect(err).To(MatchError(ContainSubstring("run: make control-plane")))
				return
			}
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(got).To(Equal(want))
		})
	}
}
