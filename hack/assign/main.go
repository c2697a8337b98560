// Command assign solves an assignment instance in a format of the OR-Library (J. E. Beasley) at the least cost, and checks the proof that it is the least.
//
//	go run ./hack/assign [-format auto|dense|sparse] FILE
//
// FILE is "-" for the standard input. Dense, as in assign100 to assign800: the number n of items, and then the n² costs row by row, on lines of any length.
// Sparse, as in assignp800 to assignp5000: the number n on its line, and then a line "i j cost" for each pair that is allowed, with i and j from 1 to n.
// Costs are whole numbers from −2²⁴ to 2²⁴.
//
// The files themselves are not part of this repository. Whoever has them can compare with the optima that are published for them:
//
//	assign100  305    assign500   991    assignp800    2239
//	assign200  475    assign600  1176    assignp1500   5839
//	assign300  626    assign700  1362    assignp3000  18696
//	assign400  804    assign800  1552    assignp5000  48533
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/longshore-dev/longshore/controllers/domain/matching/optimum"
)

func main() {
	err := run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
	case err != nil:
		fmt.Fprintln(os.Stderr, "assign:", err)
		os.Exit(1)
	}
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	flags := flag.NewFlagSet("assign", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprintln(stderr, "usage: assign [-format auto|dense|sparse] FILE\n\nThe file is an assignment instance of the OR-Library, or - for the standard input.")
		flags.PrintDefaults()
	}
	format := flags.String("format", "auto", "how the instance is written: dense, sparse, or auto to find out")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() != 1 {
		return fmt.Errorf("%d files are given: give one, or - for the standard input", flags.NArg())
	}
	in, err := open(flags.Arg(0), stdin)
	if err != nil {
		return err
	}
	read, err := read(in, *format)
	if err := errors.Join(err, in.Close()); err != nil {
		return fmt.Errorf("reading %s: %w", flags.Arg(0), err)
	}
	return solve(read, stdout)
}

func open(name string, stdin io.Reader) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(stdin), nil
	}
	return os.Open(name)
}

// solve prints the optimum once its certificate was checked.
func solve(in *instance, out io.Writer) error {
	problem := &optimum.Problem{Rows: in.rows, Capacity: make([]int32, len(in.rows))}
	pairs := 0
	for i, row := range in.rows {
		problem.Capacity[i] = 1
		pairs += len(row)
	}
	solution, err := optimum.Solve(problem)
	if err != nil {
		return fmt.Errorf("solving: %w", err)
	}
	if err := optimum.Check(problem, solution); err != nil {
		return fmt.Errorf("the certificate does not hold: %w", err)
	}
	n, note := len(in.rows), ""
	if solution.Matched < n {
		note = ": more are impossible with these pairs, and the cost is the least for so many"
	}
	_, err = fmt.Fprintf(out, "format: %s\nn: %d\npairs: %d\nmatched: %d of %d%s\nminimum cost: %d\ncertificate: holds\n", in.format, n, pairs, solution.Matched, n, note, -solution.Total)
	return err
}
