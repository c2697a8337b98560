package kubernetes

import (
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// ours is the binding that Longshore makes for a Target, without what is in it.
func ours(t *testing.T, target provider.Target) binding {
	t.Helper()
	s, err := scopeOf(target)
	if err != nil {
		t.Fatal(err)
	}
	return blank(s, target)
}

func read(t *testing.T, b binding) binding {
	t.Helper()
	if err := admin.Get(t.Context(), client.ObjectKeyFromObject(b), b.Object); err != nil {
		t.Fatalf("reading %s: %v", b, err)
	}
	return b
}

func change(t *testing.T, b binding, how func(binding)) {
	t.Helper()
	read(t, b)
	how(b)
	if err := admin.Update(t.Context(), b.Object); err != nil {
		t.Fatalf("changing %s by hand: %v", b, err)
	}
}

func mustDelete(t *testing.T, b binding) {
	t.Helper()
	if err := admin.Delete(t.Context(), b.Object); err != nil {
		t.Fatalf("deleting %s by hand: %v", b, err)
	}
}
