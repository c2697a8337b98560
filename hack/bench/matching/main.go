// Command matching measures how long the matching engine takes for large instances on one core, how much memory, and whether its certificate holds.
//
// Each case runs in a process of its own, so that the peak of its memory is its own. It fails if a certificate does not hold, or if a case takes longer
// than it may.
package main

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/longshore-dev/longshore/controllers/domain/matching/optimum"
)

// runs are how often each case is solved. The median counts.
const runs = 5

// result is what one case came to. Memory is in bytes.
type result struct {
	Rows, Edges int
	// Time is the median of the runs by the clock, and CPU by the processor time that they took.
	Time, CPU time.Duration
	// Instance is what the instance itself takes, and Heap what one run allocates beside it, in all.
	Instance, Heap int64
	// Peak is the greatest resident memory of the process.
	Peak    int64
	Matched int
	Total   int64
	// Certificate is why it does not hold, if it does not.
	Certificate string
}

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("matching", flag.ContinueOnError)
	only := flags.String("case", "", "run this case in this process and print what it came to as JSON")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *only == "" {
		return compare(cases, out)
	}
	at := slices.IndexFunc(cases, func(c instance) bool { return c.name == *only })
	if at == -1 {
		return fmt.Errorf("there is no case %q", *only)
	}
	r, err := measure(cases[at].make())
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(r)
}

// compare runs every case in its own process and prints the table; it reports what is not as it should be after that.
func compare(cases []instance, out io.Writer) error {
	fmt.Fprintf(out, "Median of %d runs on one core (GOMAXPROCS=1), %s, %s/%s\n\n", runs, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "instance\trows\tedges\ttime\tCPU\tpeak memory\tinstance\tallocated\tmatched\ttotal\tcertificate holds\t")
	var faults []error
	for _, c := range cases {
		r, err := inChild(c.name)
		if err != nil {
			return err
		}
		fmt.Fprintf(table, "%s\t%d\t%d\t%s\t%s\t%s\t%s\t%s\t%d\t%d\t%s\t\n", c.name, r.Rows, r.Edges, milliseconds(r.Time), milliseconds(r.CPU),
			mebibytes(r.Peak), mebibytes(r.Instance), mebibytes(r.Heap), r.Matched, r.Total, cmp.Or(r.Certificate, "yes"))
		faults = append(faults, c.faults(r)...)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	for _, fault := range faults {
		fmt.Fprintln(out, "\nFAILED:", fault)
	}
	if len(faults) > 0 {
		return fmt.Errorf("%d faults", len(faults))
	}
	return nil
}

// faults are what is not as it should be.
func (c instance) faults(r *result) []error {
	var faults []error
	if r.Certificate != "" {
		faults = append(faults, fmt.Errorf("%s: the certificate does not hold: %s", c.name, r.Certificate))
	}
	if c.limit > 0 && r.Time >= c.limit {
		faults = append(faults, fmt.Errorf("%s: it took %s and is to take less than %s on one core; the processor time was %s, so measure again on an idle machine if that is much less",
			c.name, milliseconds(r.Time), c.limit, milliseconds(r.CPU)))
	}
	return faults
}

// inChild measures a case in a process that runs nothing else.
func inChild(name string) (*result, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	child := exec.Command(self, "-case", name)
	child.Env = append(os.Environ(), "GOMAXPROCS=1")
	child.Stderr = os.Stderr
	out, err := child.Output()
	if err != nil {
		return nil, fmt.Errorf("running %s: %w", name, err)
	}
	r := &result{}
	if err := json.Unmarshal(out, r); err != nil {
		return nil, fmt.Errorf("reading what %s came to: %w", name, err)
	}
	if usage, is := child.ProcessState.SysUsage().(*syscall.Rusage); is {
		r.Peak = peak(usage)
	}
	return r, nil
}

// peak is the greatest resident memory in bytes. The system gives kibibytes, but macOS bytes.
func peak(usage *syscall.Rusage) int64 {
	if runtime.GOOS == "darwin" {
		return usage.Maxrss
	}
	return usage.Maxrss << 10
}

// measure solves a problem some times. The certificate is checked after the time is taken.
func measure(p *optimum.Problem) (*result, error) {
	r := &result{Rows: len(p.Rows)}
	for _, edges := range p.Rows {
		r.Edges += len(edges)
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r.Instance = int64(before.HeapAlloc) //nolint:gosec // No heap has 2⁶³ bytes.
	var solution *optimum.Solution
	var took, worked []time.Duration
	for range runs {
		runtime.GC()
		runtime.ReadMemStats(&before)
		start, work := time.Now(), processorTime()
		found, err := optimum.Solve(p)
		if err != nil {
			return nil, err
		}
		took, worked = append(took, time.Since(start)), append(worked, processorTime()-work)
		runtime.ReadMemStats(&after)
		solution = found
		r.Heap = int64(after.TotalAlloc - before.TotalAlloc) //nolint:gosec // See above.
	}
	r.Time, r.CPU, r.Matched, r.Total = median(took), median(worked), solution.Matched, solution.Total
	if err := optimum.Check(p, solution); err != nil {
		r.Certificate = err.Error()
	}
	return r, nil
}

// processorTime is what this process has used so far.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func median(of []time.Duration) time.Duration {
	slices.Sort(of)
	return of[len(of)/2]
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
}

func mebibytes(bytes int64) string {
	return fmt.Sprintf("%.1f MiB", float64(bytes)/(1<<20))
}
