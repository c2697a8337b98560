package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/longshore-dev/longshore/controllers/domain/matching/optimum"
)

const (
	auto   = "auto"
	dense  = "dense"
	sparse = "sparse"

	maxCost = 1 << 24
	// maxItems bounds n, so that a cost that was read as n is refused and not allocated for.
	maxItems = 1 << 20
)

// instance is what was read: for each row the columns that it may have, with the negative costs as values.
type instance struct {
	format string
	rows   [][]optimum.Edge
}

// line is a line that is not empty.
type line struct {
	number int
	fields []string
}

// read reads an instance in the format given, or in the only one in which it can be read.
func read(in io.Reader, format string) (*instance, error) {
	if format != auto && format != dense && format != sparse {
		return nil, fmt.Errorf("there is no format %q: give %s, %s or %s", format, auto, dense, sparse)
	}
	lines, err := readLines(in)
	if err != nil {
		return nil, err
	}
	if len(lines) == 0 {
		return nil, errors.New("it is empty: the first number is n")
	}
	n, err := lines[0].whole(0, 1, maxItems)
	if err != nil {
		return nil, fmt.Errorf("n: %w", err)
	}
	costs := 0
	for _, l := range lines {
		costs += len(l.fields)
	}
	costs--
	switch format {
	case dense:
		return readDense(lines, n, costs)
	case sparse:
		return readSparse(lines, n)
	default:
		return detect(lines, n, costs)
	}
}

func readLines(in io.Reader) ([]line, error) {
	var lines []line
	scanner := bufio.NewScanner(in)
	scanner.Buffer(nil, 64<<20)
	for number := 1; scanner.Scan(); number++ {
		if fields := strings.Fields(scanner.Text()); len(fields) > 0 {
			lines = append(lines, line{number, fields})
		}
	}
	if err := scanner.Err(); err != nil {
		return nil, fmt.Errorf("after line %d: %w", len(lines), err)
	}
	return lines, nil
}

// detect takes what has n² numbers for dense, and what has three on each line for sparse.
func detect(lines []line, n, costs int) (*instance, error) {
	odd := notThree(lines)
	if costs != n*n {
		if odd != nil {
			return nil, fmt.Errorf("it is not dense, since %d costs follow n = %d where there are %d, and not sparse: %w", costs, n, n*n, odd)
		}
		return readSparse(lines, n)
	}
	if odd == nil {
		if _, err := readSparse(lines, n); err == nil {
			return nil, errors.New("it can be read as dense and as sparse: say which with -format")
		}
	}
	return readDense(lines, n, costs)
}

// notThree says which line is not one of a sparse instance.
func notThree(lines []line) error {
	if len(lines[0].fields) != 1 {
		return fmt.Errorf("line %d has more than n", lines[0].number)
	}
	for _, l := range lines[1:] {
		if len(l.fields) != 3 {
			return fmt.Errorf("line %d has %d numbers where there are three: i j cost", l.number, len(l.fields))
		}
	}
	return nil
}

func readDense(lines []line, n, costs int) (*instance, error) {
	if costs != n*n {
		return nil, fmt.Errorf("%d costs follow n = %d up to line %d: a dense instance has %d", costs, n, lines[len(lines)-1].number, n*n)
	}
	out := &instance{format: dense, rows: make([][]optimum.Edge, n)}
	k := 0
	lines[0].fields = lines[0].fields[1:]
	for _, l := range lines {
		for at := range l.fields {
			cost, err := l.whole(at, -maxCost, maxCost)
			if err != nil {
				return nil, fmt.Errorf("cost of row %d, column %d: %w", k/n+1, k%n+1, err)
			}
			out.add(k/n, k%n, cost)
			k++
		}
	}
	return out, nil
}

func readSparse(lines []line, n int) (*instance, error) {
	if err := notThree(lines); err != nil {
		return nil, err
	}
	out := &instance{format: sparse, rows: make([][]optimum.Edge, n)}
	first := map[[2]int]int{}
	for _, l := range lines[1:] {
		i, err := l.whole(0, 1, n)
		if err != nil {
			return nil, fmt.Errorf("i: %w", err)
		}
		j, err := l.whole(1, 1, n)
		if err != nil {
			return nil, fmt.Errorf("j: %w", err)
		}
		cost, err := l.whole(2, -maxCost, maxCost)
		if err != nil {
			return nil, fmt.Errorf("cost: %w", err)
		}
		if before, is := first[[2]int{i, j}]; is {
			return nil, fmt.Errorf("line %d: the pair %d %d was given on line %d already", l.number, i, j, before)
		}
		first[[2]int{i, j}] = l.number
		out.add(i-1, j-1, cost)
	}
	return out, nil
}

func (in *instance) add(row, column, cost int) {
	in.rows[row] = append(in.rows[row], optimum.Edge{Column: int32(column), Value: int32(-cost)}) //nolint:gosec // Both were read within bounds.
}

// whole is the whole number in a field of the line, which is to be from low to high.
func (l line) whole(field, low, high int) (int, error) {
	text := l.fields[field]
	number, err := strconv.Atoi(text)
	switch {
	case errors.Is(err, strconv.ErrSyntax):
		return 0, fmt.Errorf("line %d: %q is not a whole number", l.number, text)
	case err != nil || number < low || number > high:
		return 0, fmt.Errorf("line %d: %s is not from %d to %d", l.number, text, low, high)
	}
	return number, nil
}
