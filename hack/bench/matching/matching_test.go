package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/longshore-dev/longshore/controllers/domain/matching/optimum"
)

// The test's own binary measures a case when it is started as the child that the benchmark starts.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "-case" {
		cases = small
		main()
		return
	}
	os.Exit(m.Run())
}

var small = []instance{
	{name: "dense", make: func() *optimum.Problem { return dense(60, 1) }},
	{name: "sparse", limit: time.Minute, make: func() *optimum.Problem { return sparse(200, 9, 2) }},
}

func TestTheTableSaysOfEachCaseWhatItCameTo(t *testing.T) {
	var out strings.Builder
	if err := compare(small, &out); err != nil {
		t.Fatalf("nothing is wrong with these cases, and it failed: %v\n%s", err, &out)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	if len(lines) != 5 {
		t.Fatalf("there should be a line of what was measured, an empty one, the heads and two cases:\n%s", &out)
	}
	for line, want := range map[int][]string{
		0: {"5 runs", "GOMAXPROCS=1"},
		2: {"instance", "rows", "edges", "time", "peak memory", "matched", "total", "certificate holds"},
		3: {"dense", " 60 ", " 3600 ", " ms ", " MiB ", "yes"},
		4: {"sparse", " 200 ", " 1800 ", " ms ", " MiB ", "yes"},
	} {
		for _, text := range want {
			if !strings.Contains(lines[line], text) {
				t.Errorf("line %d should name %q:\n%s", line+1, text, lines[line])
			}
		}
	}
}

func TestWhatIsMeasuredIsThere(t *testing.T) {
	r, err := inChild("dense")
	if err != nil {
		t.Fatal(err)
	}
	if r.Matched != 60 || r.Total <= 0 || r.Time <= 0 || r.Heap == 0 || r.Certificate != "" {
		t.Errorf("60 rows are to be matched, worth something, in some time and memory: %+v", r)
	}
	if r.Instance < 3600*8 || r.Peak < r.Instance {
		t.Errorf("the peak of memory is at least the instance's, and that is at least 8 bytes for each of 3600 edges: %+v", r)
	}
}

func TestWhatIsTooSlowOrUnprovenFails(t *testing.T) {
	limited := instance{name: "a", limit: 2 * time.Second}
	for name, c := range map[string]struct {
		instance instance
		result   result
		want     string
	}{
		"within the limit":           {limited, result{Time: 1999 * time.Millisecond}, ""},
		"at the limit":               {limited, result{Time: 2 * time.Second}, "is to take less than 2s"},
		"without a limit":            {instance{name: "a"}, result{Time: time.Hour}, ""},
		"without a certificate":      {instance{name: "a"}, result{Certificate: "row 1 is wrong"}, "the certificate does not hold: row 1 is wrong"},
		"too slow on a busy machine": {limited, result{Time: 3 * time.Second, CPU: time.Second}, "the processor time was 1000 ms"},
	} {
		t.Run(name, func(t *testing.T) {
			faults := c.instance.faults(&c.result)
			if c.want == "" && len(faults) > 0 {
				t.Errorf("nothing is wrong, and it fails with %v", faults)
			}
			if c.want != "" && (len(faults) != 1 || !strings.Contains(faults[0].Error(), c.want)) {
				t.Errorf("it fails with %v, and should with %q", faults, c.want)
			}
		})
	}
}

func TestAnUnknownCaseIsRefused(t *testing.T) {
	if err := run([]string{"-case", "none"}, &strings.Builder{}); err == nil || !strings.Contains(err.Error(), `no case "none"`) {
		t.Errorf("it was answered %v", err)
	}
}
