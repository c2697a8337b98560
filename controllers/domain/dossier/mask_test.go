package dossier

import (
	"strings"
	"testing"
)

func FuzzAMaskHidesANameWhereverItIsAWord(f *testing.F) {
	f.Add("ada", "https://drive.example/ada/x")
	f.Add("ada@example.com", "q=ada%40example.com&canada")
	f.Add("worker", "a worker works")
	f.Add("", "nothing")
	f.Fuzz(func(t *testing.T, name, text string) {
		m := newMask(map[string]string{name: maskedWorker})
		masked := m.apply(text)
		if name == "" && masked != text {
			t.Fatalf("masking nobody changed %q to %q", text, masked)
		}
		rest := strings.ReplaceAll(masked, maskedWorker, "\x00")
		for at := range rest {
			if m.at(rest, at) > 0 {
				t.Fatalf("the name %q still stands in %q", name, masked)
			}
		}
	})
}
