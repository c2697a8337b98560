package account

import (
	"slices"
	"testing"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestUnderWhichAccountsAWorkerMayAct(t *testing.T) {
	identities := func(subjects ...string) []v1alpha1.Identity {
		var all []v1alpha1.Identity
		for _, s := range subjects {
			all = append(all, v1alpha1.Identity{Provider: "of-" + s, Subject: s})
		}
		return all
	}
	for _, tc := range []struct {
		name, because string
		worker        v1alpha1.WorkerSpec
		want          []string
	}{
		{"no account", "nobody is told to be them by nothing", v1alpha1.WorkerSpec{}, nil},
		{"a username", "it is stated to be theirs", v1alpha1.WorkerSpec{Username: "ada"}, []string{"ada"}},
		{"identities alone", "access is given to that account, so it is theirs", v1alpha1.WorkerSpec{Identities: identities("ada@corp", "al")}, []string{"ada@corp", "al"}},
		{"the same in both", "it is one account", v1alpha1.WorkerSpec{Username: "ada", Identities: identities("ada", "ada@corp")}, []string{"ada", "ada@corp"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := Of(&tc.worker); !slices.Equal(got, tc.want) {
				t.Errorf("%s: want %q, got %q", tc.because, tc.want, got)
			}
			for _, own := range tc.want {
				if !Has(&tc.worker, own) {
					t.Errorf("%s: %q should be among them", tc.because, own)
				}
			}
			if Has(&tc.worker, "") || Has(&tc.worker, "somebody") {
				t.Errorf("neither nobody nor somebody else is %q", tc.want)
			}
		})
	}
}
