package provider_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	. "github.com/onsi/gomega"
	clocktesting "k8s.io/utils/clock/testing"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

// scripted is a target system that does what it is told.
type scripted struct {
	provider.Provider
	probe func(context.Context) error
}

func (s *scripted) Probe(ctx context.Context) error { return s.probe(ctx) }

// ledger notes what an Observer is told.
type ledger struct {
	mu    sync.Mutex
	lines []string
}

func (l *ledger) observe(operation provider.Operation, result provider.Result, took time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, fmt.Sprintf("%s %s %s", operation, result, took))
}

func (l *ledger) read() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.lines
}

var generous = provider.Limits{Timeout: time.Minute, MaxConcurrent: 1}

func TestEveryCallIsReportedWithItsResult(t *testing.T) {
	for _, test := range []struct {
		reason string
		err    error
		want   string
	}{
		{"it went well", nil, "probe success 2s"},
		{"something failed that may pass", provider.Retryable("no route"), "probe error 2s"},
		{"an error without a class may pass", errors.New("no route"), "probe error 2s"},
		{"somebody must change something", fmt.Errorf("probing: %w", provider.Refused("no such role")), "probe refused 2s"},
		{"it took too long", fmt.Errorf("probing: %w", context.DeadlineExceeded), "probe timeout 2s"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			g := NewWithT(t)
			var noted ledger
			clock := clocktesting.NewFakePassiveClock(time.Unix(0, 0))
			p := provider.Limit(&scripted{probe: func(context.Context) error {
				clock.SetTime(clock.Now().Add(2 * time.Second))
				return test.err
			}}, generous, clock, noted.observe)

			err := p.Probe(t.Context())
			g.Expect(errors.Is(err, test.err)).To(BeTrue(), "the error goes through: %v", err)
			g.Expect(noted.read()).To(ConsistOf(test.want))
		})
	}
}

func TestACallThatTakesTooLongIsEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		var noted ledger
		p := provider.Limit(&scripted{probe: func(ctx context.Context) error {
			<-ctx.Done()
			return errors.New("connection closed")
		}}, provider.Limits{Timeout: 3 * time.Second, MaxConcurrent: 1}, clocktesting.NewFakePassiveClock(time.Now()), noted.observe)

		started := time.Now()
		err := p.Probe(t.Context())
		g.Expect(err).To(MatchError(context.DeadlineExceeded), "a client that hides the reason does not hide it from the caller")
		g.Expect(time.Since(started)).To(Equal(3 * time.Second))
	})
}

func TestACallWhoseTurnDoesNotComeIsNotMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := NewWithT(t)
		var noted ledger
		var calls atomic.Int32
		release := make(chan struct{})
		p := provider.Limit(&scripted{probe: func(context.Context) error {
			calls.Add(1)
			<-release
			return nil
		}}, provider.Limits{Timeout: time.Minute, MaxConcurrent: 2}, clocktesting.NewFakePassiveClock(time.Now()), noted.observe)

		done := make(chan error, 2)
		for range 2 {
			go func() { done <- p.Probe(t.Context()) }()
		}
		synctest.Wait()
		started := time.Now()
		err := p.Probe(t.Context())
		g.Expect(provider.IsBusy(err)).To(BeTrue(), "%v", err)
		g.Expect(provider.RetryAfter(err)).To(BeNumerically(">", 0))
		g.Expect(time.Since(started)).To(BeNumerically("<", time.Second), "what waits keeps a worker from other targets")
		g.Expect(calls.Load()).To(Equal(int32(2)))

		ended, cancel := context.WithCancel(t.Context())
		cancel()
		g.Expect(p.Probe(ended)).To(MatchError(context.Canceled))

		close(release)
		g.Expect(<-done).To(Succeed())
		g.Expect(<-done).To(Succeed())
		g.Expect(p.Probe(t.Context())).To(Succeed(), "a turn that is over is free again")
		g.Expect(noted.read()).To(HaveLen(3), "a call that was not made is not reported")
	})
}

// TestCallsThatHangKeepNobodyWaiting has all turns taken by calls that have been under way for long.
func TestCallsThatHangKeepNobodyWaiting(t *testing.T) {
	for _, test := range []struct {
		reason string
		usual  time.Duration
		wait   time.Duration
	}{
		{"a call that takes longer than usual may take until its timeout", time.Millisecond, 9 * time.Second},
		{"a call that usually takes long ends soon", 12 * time.Second, 3 * time.Second},
	} {
		t.Run(test.reason, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				g := NewWithT(t)
				clock := clocktesting.NewFakePassiveClock(time.Now())
				hang, release := false, make(chan struct{})
				p := provider.Limit(&scripted{probe: func(context.Context) error {
					if !hang {
						clock.SetTime(clock.Now().Add(test.usual))
						return nil
					}
					<-release
					return nil
				}}, provider.Limits{Timeout: 10 * time.Second, MaxConcurrent: 2}, clock, new(ledger).observe)
				for range 2 {
					g.Expect(p.Probe(t.Context())).To(Succeed())
				}
				hang = true
				done := make(chan error, 2)
				for range 2 {
					go func() { done <- p.Probe(t.Context()) }()
				}
				synctest.Wait()
				clock.SetTime(clock.Now().Add(time.Second))

				waits := map[time.Duration]bool{}
				for range 8 {
					started := time.Now()
					err := p.Probe(t.Context())
					g.Expect(provider.IsBusy(err)).To(BeTrue(), "%v", err)
					g.Expect(time.Since(started)).To(BeZero(), "it does not wait")
					g.Expect(provider.RetryAfter(err)).To(BeNumerically("~", test.wait+500*time.Millisecond, 1500*time.Millisecond))
					waits[provider.RetryAfter(err)] = true
				}
				g.Expect(waits).To(HaveLen(8), "those who are given up do not come back all at once")
				close(release)
				g.Expect(<-done).To(Succeed())
				g.Expect(<-done).To(Succeed())
			})
		})
	}
}

func TestCallsKeepToTheRate(t *testing.T) {
	g := NewWithT(t)
	calls := 0
	p := provider.Limit(&scripted{probe: func(context.Context) error {
		calls++
		return nil
	}}, provider.Limits{Timeout: time.Minute, MaxConcurrent: 1, QPS: 2}, clocktesting.NewFakePassiveClock(time.Now()), new(ledger).observe)

	g.Expect(p.Probe(t.Context())).To(Succeed())
	g.Expect(p.Probe(t.Context())).To(Succeed())
	for range 3 {
		err := p.Probe(t.Context())
		g.Expect(provider.IsBusy(err)).To(BeTrue(), "%v", err)
		g.Expect(provider.RetryAfter(err)).To(BeNumerically("~", 500*time.Millisecond, 400*time.Millisecond), "the turn that was not taken is not paid for")
	}
	g.Expect(calls).To(Equal(2))
}

func TestAnErrorSaysWhetherTryingAgainHelps(t *testing.T) {
	g := NewWithT(t)
	refused := fmt.Errorf("granting: %w", provider.Refused("add ClusterRole %s", "view"))
	g.Expect(provider.IsRefused(refused)).To(BeTrue())
	g.Expect(refused).To(MatchError("granting: add ClusterRole view"))
	g.Expect(provider.IsRefused(provider.Retryable("no route"))).To(BeFalse())
	g.Expect(provider.IsRefused(nil)).To(BeFalse())

	later := fmt.Errorf("granting: %w", provider.After(time.Minute, refused))
	g.Expect(provider.RetryAfter(later)).To(Equal(time.Minute))
	g.Expect(provider.IsRefused(later)).To(BeTrue(), "what is refused stays refused")
	g.Expect(provider.RetryAfter(refused)).To(BeZero())
	g.Expect(provider.IsBusy(later)).To(BeFalse())
}

func TestAKeyIsOneAccessOfOneSubject(t *testing.T) {
	g := NewWithT(t)
	behind := func(name string) *v1alpha1.AccessProvider {
		p := &v1alpha1.AccessProvider{Spec: v1alpha1.AccessProviderSpec{Type: v1alpha1.ProviderKubernetes}}
		p.Name = name
		return p
	}
	target := provider.NewTarget(behind("cluster"), "clusterroles/view", "ada")
	g.Expect(target.Name).To(Equal("Kubernetes:clusterroles/view"))
	g.Expect(target.Key).To(MatchRegexp(`^[0-9a-v]{52}$`), "it fits a label's value and an object's name")
	kind, rest := provider.TypeOf(target.Name)
	g.Expect(kind).To(Equal(v1alpha1.ProviderKubernetes))
	g.Expect(rest).To(Equal("clusterroles/view"))

	g.Expect(provider.NewTarget(behind("cluster"), "clusterroles/view", "ada").Key).To(Equal(target.Key))
	for reason, other := range map[string]provider.Target{
		"another provider":                   provider.NewTarget(behind("other"), "clusterroles/view", "ada"),
		"another access":                     provider.NewTarget(behind("cluster"), "clusterroles/edit", "ada"),
		"another subject":                    provider.NewTarget(behind("cluster"), "clusterroles/view", "bob"),
		"the same letters, parted otherwise": provider.NewTarget(behind("cluster"), "clusterroles/vie", "wada"),
	} {
		g.Expect(other.Key).NotTo(Equal(target.Key), reason)
	}
}
