package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func TestWhereNothingCanBeRedrawnEveryChangeIsToldOnce(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	s := newScreen(board{calendar: calendar{from: storyBegins, to: someTime.Time, day: time.Second}, began: someTime.Time}, out)
	pending := rowOf(engaged("asks", v1alpha1.EngagementStatus{}, v1alpha1.PhasePending))
	recruiting := rowOf(engaged("asks", v1alpha1.EngagementStatus{}, v1alpha1.PhasePending, v1alpha1.PhaseRecruiting))
	for i, r := range []row{pending, pending, recruiting, recruiting} {
		s.show([]row{r}, someTime.Add(time.Duration(i)*time.Second))
	}
	s.tell(someTime.Add(4*time.Second), "ada states offer/ada Accepted, marketing/asks")
	got, err := os.ReadFile(out.Name())
	if err != nil {
		t.Fatal(err)
	}
	expect := strings.Join([]string{
		"   0s  23 Nov  marketing/asks  Pending  waits for nobody: the operator is at work",
		"   2s  25 Nov  marketing/asks  Recruiting  waits for nobody: the operator is at work",
		"   4s  27 Nov  ada states offer/ada Accepted, marketing/asks",
		"",
	}, "\n")
	if string(got) != expect {
		t.Errorf("expected each change once:\n%s\ngot:\n%s", expect, got)
	}
}
