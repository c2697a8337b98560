// Command floor prints a support floor of any size as YAML: agents, the seats of a season, its shifts and tasks.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/longshore-dev/longshore/hack/floor/season"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	o := season.Options{Start: season.Start}
	flags := flag.NewFlagSet("floor", flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Fprintf(flags.Output(), "go run ./hack/floor [flags]\n\n"+
			"Prints a support floor for the pool of config/samples/case-3-support-floor. Equal flags print the same. The dates are those of\n"+
			"the samples: go run ./hack/demo render moves them.\n\n")
		flags.PrintDefaults()
	}
	flags.IntVar(&o.Agents, "agents", 200, "how many people apply; three seats are asked for to every five of them")
	flags.IntVar(&o.Days, "days", 28, "how many days the season lasts")
	flags.Uint64Var(&o.Seed, "seed", 1, "seed of everything that is drawn")
	flags.StringVar(&o.Namespace, "namespace", season.Namespace, "namespace of all objects")
	only := flags.String("only", "", "print workers, engagements or assignments alone: different people apply them")
	dir := flags.String("dir", "", "write a file for each kind into this folder, and print nothing")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	s, err := season.Plan(o)
	if err != nil {
		return err
	}
	kinds := []kind{
		{"workers", func(w io.Writer) error { return season.WriteYAML(w, s.Workers) }},
		{"engagements", func(w io.Writer) error { return season.WriteYAML(w, s.Engagements) }},
		{"assignments", func(w io.Writer) error { return season.WriteYAML(w, s.Assignments) }},
	}
	return write(kinds, *only, *dir, out)
}

// kind of object, and how all of them are written.
type kind struct {
	name  string
	write func(io.Writer) error
}

func write(kinds []kind, only, dir string, out io.Writer) error {
	found := false
	for _, k := range kinds {
		if only != "" && only != k.name {
			continue
		}
		found = true
		if dir == "" {
			if err := k.write(out); err != nil {
				return err
			}
			continue
		}
		if err := writeFile(filepath.Join(dir, k.name+".yaml"), k.write); err != nil {
			return err
		}
	}
	if !found {
		return fmt.Errorf("reading -only: there are no %s, but workers, engagements and assignments", only)
	}
	return nil
}

func writeFile(path string, content func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("making a file: %w", err)
	}
	return errors.Join(content(file), file.Close())
}
