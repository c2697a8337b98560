package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestInstancesAreSolvedAndProven(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"dense, on lines of any length":            {[]string{"dense4.txt"}, "format: dense\nn: 4\npairs: 16\nmatched: 4 of 4\nminimum cost: 265\ncertificate: holds\n"},
		"dense, said to be":                        {[]string{"-format", "dense", "dense4.txt"}, "format: dense\nn: 4\npairs: 16\nmatched: 4 of 4\nminimum cost: 265\ncertificate: holds\n"},
		"the same, sparse with every pair":         {[]string{"full4.txt"}, "format: sparse\nn: 4\npairs: 16\nmatched: 4 of 4\nminimum cost: 265\ncertificate: holds\n"},
		"sparse: 3 + 2 + 6 + 4 + 2":                {[]string{"sparse5.txt"}, "format: sparse\nn: 5\npairs: 10\nmatched: 5 of 5\nminimum cost: 17\ncertificate: holds\n"},
		"three rows that all want the same column": {[]string{"short4.txt"}, "format: sparse\nn: 4\npairs: 5\nmatched: 2 of 4: more are impossible with these pairs, and the cost is the least for so many\nminimum cost: 8\ncertificate: holds\n"},
	} {
		t.Run(name, func(t *testing.T) {
			last := len(c.args) - 1
			c.args[last] = filepath.Join("testdata", c.args[last])
			var out strings.Builder
			if err := run(c.args, nil, &out, io.Discard); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, out.String()); diff != "" {
				t.Errorf("another answer than that of the instance (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheStandardInputIsReadForADash(t *testing.T) {
	file, err := os.Open(filepath.Join("testdata", "dense4.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var out strings.Builder
	if err := run([]string{"-"}, file, &out, io.Discard); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "minimum cost: 265\n") {
		t.Errorf("the instance costs 265 at least; the answer is\n%s", &out)
	}
}

func TestWhatCannotBeReadIsRefusedWithItsLine(t *testing.T) {
	for name, c := range map[string]struct{ format, text, want string }{
		"nothing":                           {auto, "", "it is empty"},
		"only empty lines":                  {auto, "\n \n", "it is empty"},
		"n is no number":                    {auto, "\nfour\n", `n: line 2: "four" is not a whole number`},
		"n is zero":                         {auto, "0\n", "n: line 1: 0 is not from 1"},
		"n is negative":                     {auto, "-3\n", "n: line 1: -3 is not from 1"},
		"n is too great for any instance":   {auto, "99999999999999999999\n", "n: line 1: 99999999999999999999 is not from 1"},
		"too few costs":                     {auto, "2\n1 2\n3\n", "not dense, since 3 costs follow n = 2 where there are 4, and not sparse: line 2 has 2 numbers"},
		"too few costs, said to be dense":   {dense, "2\n1 2 3\n", "3 costs follow n = 2 up to line 2: a dense instance has 4"},
		"too many costs":                    {dense, "2\n1 2\n3 4\n5\n", "5 costs follow n = 2 up to line 4: a dense instance has 4"},
		"a cost that is no number":          {auto, "2\n1 2\n3 x\n", `cost of row 2, column 2: line 3: "x" is not a whole number`},
		"a cost with a fraction":            {auto, "2\n1 2\n3.5 4\n", `cost of row 2, column 1: line 3: "3.5" is not a whole number`},
		"a cost beyond the bounds":          {auto, "1\n16777217\n", "line 2: 16777217 is not from -16777216 to 16777216"},
		"a pair on two numbers":             {sparse, "3\n1 1 5\n\n2 2\n", "line 4 has 2 numbers where there are three: i j cost"},
		"a pair on the line of n":           {sparse, "3 1 1 5\n", "line 1 has more than n"},
		"an i that is out of range":         {auto, "3\n1 1 5\n4 1 5\n", "i: line 3: 4 is not from 1 to 3"},
		"a j that is out of range":          {auto, "3\n1 0 5\n", "j: line 2: 0 is not from 1 to 3"},
		"a pair twice":                      {auto, "3\n1 1 5\n1 2 5\n2 1 5\n1 2 6\n", "line 5: the pair 1 2 was given on line 3 already"},
		"a cost of a pair that is a word":   {auto, "3\n1 1 five\n", `cost: line 2: "five" is not a whole number`},
		"what is dense as well as sparse":   {auto, "3\n1 2 3\n2 1 3\n3 3 3\n", "can be read as dense and as sparse: say which with -format"},
		"a format that there is not":        {"json", "1\n1\n", `there is no format "json"`},
		"sparse by its lines, dense in all": {dense, "3\n1 1 5\n", "3 costs follow n = 3"},
	} {
		t.Run(name, func(t *testing.T) {
			var out strings.Builder
			err := run([]string{"-format", c.format, "-"}, strings.NewReader(c.text), &out, io.Discard)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("it was answered %v, and should be refused with %q", err, c.want)
			}
			if out.Len() > 0 {
				t.Errorf("it was refused, and yet answered\n%s", &out)
			}
		})
	}
}

func TestOfTwoReadingsTheOneThatIsSaidIsTaken(t *testing.T) {
	const text = "3\n1 2 3\n2 1 3\n3 3 3\n"
	for format, want := range map[string]string{dense: "pairs: 9\nmatched: 3 of 3\nminimum cost: 5\n", sparse: "pairs: 3\nmatched: 3 of 3\nminimum cost: 9\n"} {
		var out strings.Builder
		if err := run([]string{"-format", format, "-"}, strings.NewReader(text), &out, io.Discard); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), want) {
			t.Errorf("as %s it should say\n%sand says\n%s", format, want, &out)
		}
	}
}

func TestThereIsOneFileThatCanBeOpened(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"none":              {nil, "0 files are given"},
		"two":               {[]string{"a", "b"}, "2 files are given"},
		"one that is not":   {[]string{filepath.Join(t.TempDir(), "none")}, "no such file"},
		"an unknown option": {[]string{"-fast", "a"}, "not defined"},
	} {
		t.Run(name, func(t *testing.T) {
			if err := run(c.args, nil, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("it was answered %v, and should be refused with %q", err, c.want)
			}
		})
	}
}
