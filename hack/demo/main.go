// Command demo plays the sample engagements on a local control plane, or keeps one up for the user's own kubectl.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"
)

// options of the command line.
type options struct {
	stay    bool
	cases   string
	agents  int
	seed    uint64
	outside bool
	day     time.Duration
	timeout time.Duration
	record  string
}

func main() {
	// Here only the demo itself speaks; what goes wrong in a client comes back as an error.
	ctrl.SetLogger(logr.Discard())
	if err := untilInterrupted(); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func untilInterrupted() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithCancelCause(ctx)
	go cancelWithParent(ctx, cancel)
	return run(ctx, os.Args[1:], os.Stdout)
}

// cancelWithParent ends the demo when whatever started it is gone: `go run` passes no signal on but the terminal's.
func cancelWithParent(ctx context.Context, cancel context.CancelCauseFunc) {
	parent := os.Getppid()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if os.Getppid() != parent {
				cancel(errors.New("what started the demo has ended"))
			}
		}
	}
}

func run(ctx context.Context, args []string, out *os.File) error {
	if len(args) > 0 && args[0] == "render" {
		return renderCommand(args[1:], out, time.Now())
	}
	var o options
	flags := flag.NewFlagSet("demo", flag.ContinueOnError)
	flags.BoolVar(&o.stay, "stay", false, "play nothing; keep the control plane and the operator up until Ctrl-C")
	flags.StringVar(&o.cases, "case", "", "which cases to play: 1 (a designer), 2 (a feature team), 3 (a support floor), several with commas between them, or all (default 1,2)")
	flags.IntVar(&o.agents, "agents", 200, "how many agents apply for the support floor")
	flags.Uint64Var(&o.seed, "seed", 1, "seed of the support floor")
	flags.BoolVar(&o.outside, "outside", true, "connect a directory and a database outside the cluster, where OpenLDAP and PostgreSQL are installed")
	flags.DurationVar(&o.day, "day", 0, "how long a day of the story lasts (default 4s; on the support floor about as long as the screening took)")
	flags.DurationVar(&o.timeout, "timeout", 15*time.Minute, "how long the play may take")
	flags.StringVar(&o.record, "record", "demo-record.json", "where the whole record goes")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	chosen, err := choose(o.cases)
	if err != nil {
		return err
	}
	root, err := findRoot()
	if err != nil {
		return err
	}
	name := "demo"
	if o.stay {
		name = "run"
	}
	s, err := raise(ctx, root, filepath.Join(root, ".cache", name), setting{outside: o.stay || chosen.team, connect: o.outside}, out)
	if err != nil {
		return err
	}
	perform := func() error { return demo(ctx, s, chosen, o, out) }
	if o.stay {
		perform = func() error { return stay(ctx, s, out) }
	}
	return errors.Join(perform(), s.strike())
}

// demo plays what was chosen and tells what is left of it.
func demo(ctx context.Context, s *stage, chosen choice, o options, out *os.File) error {
	ctx, cancel := context.WithTimeoutCause(ctx, o.timeout, fmt.Errorf("%s have passed", o.timeout))
	defer cancel()
	var last []string
	note := func(line string, err error) error {
		last = append(last, line)
		return err
	}
	if len(chosen.small()) > 0 {
		if err := note(playEngagements(ctx, s, chosen, o, out)); err != nil {
			return err
		}
	}
	if chosen.floor {
		if err := note(playFloor(ctx, s, o, out)); err != nil {
			return err
		}
	}
	// Nothing may be printed after these lines.
	if err := s.strike(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, strings.Join(last, "\n"))
	return err
}

// playEngagements plays the cases in which every engagement is shown on its own.
func playEngagements(ctx context.Context, s *stage, chosen choice, o options, out *os.File) (string, error) {
	began := time.Now().Truncate(time.Second)
	c := calendar{from: storyBegins, to: began, day: cmp.Or(o.day, 4*time.Second)}
	if err := s.prepare(ctx, c, chosen.small()); err != nil {
		return "", err
	}
	if err := s.apply(ctx, c, requests(chosen.small())...); err != nil {
		return "", err
	}
	fmt.Fprintf(out, "\nA day of the story lasts %s. What was applied is in %s.\n\n", c.day, s.relative(s.dir))
	p, err := newPlay(ctx, s, c, chosen, newScreen(board{calendar: c, began: began}, out))
	if err != nil {
		return "", err
	}
	if err := p.run(ctx); err != nil {
		return "", fmt.Errorf("%w\n%s", err, p.open())
	}
	r, err := p.collect(ctx)
	if err != nil {
		return "", err
	}
	r.replaced = chosen.team
	r.print(out)
	if err := s.keep(r, o.record, out); err != nil {
		return "", err
	}
	if faults := r.faults(); len(faults) > 0 {
		return "", fmt.Errorf("not everything is as it should be:\n%s", strings.Join(faults, "\n"))
	}
	return fmt.Sprintf("demo: %d engagements closed, %d grants revoked and read back, %d left", r.closed(), r.gone(), r.left()), nil
}

// keep writes a record, and says where.
func (s *stage) keep(r *record, path string, out io.Writer) error {
	if !filepath.IsAbs(path) {
		path = filepath.Join(s.root, path)
	}
	if err := r.write(path); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "The whole record is in %s.\n\n", s.relative(path))
	return err
}

// renderCommand prints samples with their dates moved.
func renderCommand(args []string, out io.Writer, now time.Time) error {
	flags := flag.NewFlagSet("render", flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Fprintf(flags.Output(), "go run ./hack/demo render [flags] FILE...\n\n"+
			"Prints sample files with every date moved, so that what the samples call %s is now.\n\n", storyBegins.Format(time.RFC3339))
		flags.PrintDefaults()
	}
	from := flags.String("now", storyBegins.Format(time.RFC3339), "the date in the samples that is to be now")
	day := flags.Duration("day", wholeDay, "how long a day of the samples is to last; shorter than 24h, durations shrink too")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	date, err := time.Parse(time.RFC3339, *from)
	if err != nil {
		return fmt.Errorf("reading -now: %w", err)
	}
	if *day <= 0 {
		return fmt.Errorf("reading -day: %s is not longer than nothing", *day)
	}
	c := calendar{from: date, to: now.Truncate(time.Second), day: *day}
	for i, path := range flags.Args() {
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("reading a sample: %w", err)
		}
		if text, err = c.render(text); err != nil {
			return fmt.Errorf("moving the dates of %s: %w", path, err)
		}
		if i > 0 {
			fmt.Fprintln(out, "---")
		}
		if _, err := out.Write(text); err != nil {
			return err
		}
	}
	return nil
}
