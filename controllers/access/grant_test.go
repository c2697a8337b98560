package access

import (
	"context"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/controllers/access/provider/providertest"
)

func TestAGrantIsGivenReadBackAndProvenGone(t *testing.T) {
	w := newWorld(t, marked)
	g := w.settle(w.simple("chat", "drive"))

	w.expectGives("chat", "ada", true)
	w.expectGives("drive", "ada", true)
	w.Expect(states(g)).To(Equal(map[string]string{"chat": "Verified", "drive": "Verified"}))
	w.Expect(g.Status.State).To(Equal(v1alpha1.GrantVerified))
	w.Expect(ready(g)).To(Equal("True Holds: all 2 accesses are there, each read back from its target system"))
	w.Expect(g.Status.ObservedGeneration).To(Equal(g.Generation))
	w.Expect(g.Status.FirstGrantedAt.Time).To(BeTemporally("==", w.clock.Now()))
	w.Expect(g.Status.ExpiresAt).To(Equal(&g.Spec.ExpiresAt))
	for _, row := range g.Status.Entitlements {
		w.Expect(row.Subject).To(Equal("ada@example.com"))
		w.Expect(row.Preexisted).To(BeFalse())
		w.Expect(row.GrantedAt.Time).To(BeTemporally("==", w.clock.Now()))
		w.Expect(row.VerifiedAt.Time).To(BeTemporally("==", w.clock.Now()))
		w.Expect(row.Evidence).NotTo(BeEmpty())
	}
	w.Expect(w.events.reasons()).To(Equal([]string{"Normal Granted"}), "many entitlements are one event")

	given := w.clock.Now()
	w.later(time.Hour)
	g = w.withdraw(g, v1alpha1.WithdrawalEnded)
	w.expectGives("chat", "ada", false)
	w.expectGives("drive", "ada", false)
	w.Expect(states(g)).To(Equal(map[string]string{"chat": "Revoked", "drive": "Revoked"}))
	w.Expect(g.Status.State).To(Equal(v1alpha1.GrantRevoked))
	w.Expect(g.Status.Owed).To(BeZero())
	w.Expect(ready(g)).To(Equal("True Closed: access ended: the work has ended; what became of all 2 accesses is proven"))
	for _, row := range g.Status.Entitlements {
		w.Expect(row.GrantedAt.Time).To(BeTemporally("==", given), "what was proven before is kept")
		w.Expect(row.RevokeRequestedAt.Time).To(BeTemporally("==", w.clock.Now()))
		w.Expect(row.RevokedAt.Time).To(BeTemporally("==", w.clock.Now()))
		w.Expect(row.VerifiedAt.Time).To(BeTemporally("==", w.clock.Now()))
	}
	w.Expect(controllerutil.ContainsFinalizer(g, v1alpha1.GrantFinalizer)).To(BeTrue(), "the finalizer goes after sealing, not here")
	w.Expect(w.events.reasons()).To(Equal([]string{"Normal Revoked"}))
}

func TestNoEventNamesAPerson(t *testing.T) {
	w := newWorld(t, marked)
	g := w.simple("chat", "drive")
	w.memory.SetOtherwise(w.access("drive", "ada"), true)
	w.settle(g)
	w.memory.RemoveByHand(w.access("chat", "ada"))
	w.settle(g)
	w.memory.SetFault(failing(provider.OperationRevoke, provider.Retryable("ada@example.com cannot be removed")))
	w.withdraw(g, v1alpha1.WithdrawalEnded)
	w.memory.SetFault(nil)
	w.later(time.Minute)
	w.settle(g)

	lines := w.events.Read()
	for _, reason := range []string{"Granted", "PreexistingFound", "DriftRepaired", "RevokeFailed", "Revoked"} {
		w.Expect(lines).To(ContainElement(ContainSubstring(reason)))
	}
	w.Expect(lines).To(ContainElement(HavePrefix("Engagement ")), "whoever follows the engagement is told too")
	for _, line := range lines {
		w.Expect(line).NotTo(ContainSubstring("ada"))
	}
}

func TestTheIntentIsStoredBeforeTheFirstCall(t *testing.T) {
	w := newWorld(t, marked)
	g := w.simple("chat")
	var intents []row
	w.memory.SetFault(func(call providertest.Call) (error, error) {
		if call.Operation == provider.OperationGrant {
			stored := &v1alpha1.AccessGrant{}
			if err := admin.Get(context.WithoutCancel(t.Context()), client.ObjectKeyFromObject(g), stored); err != nil {
				return err, nil
			}
			intents = append(intents, stored.Status.Entitlements...)
		}
		return nil, nil
	})
	w.settle(g)

	w.Expect(intents).To(HaveLen(1), "there is one call, and a row before it")
	want := w.access("chat", "ada")
	w.Expect(intents[0]).To(And(
		HaveField("State", v1alpha1.GrantPending), HaveField("Key", want.Key), HaveField("Target", want.Name),
		HaveField("Subject", want.Subject), HaveField("Provider", w.target), HaveField("Preexisted", false),
	))
}

func TestNothingIsGivenBeforeItsTime(t *testing.T) {
	w := newWorld(t, marked)
	g := w.simple("chat")
	g = w.change(g, func(spec *v1alpha1.AccessGrantSpec) { spec.NotBefore = metav1.NewTime(w.clock.Now().Add(time.Minute)) })
	w.expectGives("chat", "ada", false)
	w.Expect(g.Status.Entitlements).To(BeEmpty())
	w.Expect(ready(g)).To(HavePrefix("False NotYet: access is given from "))
	result, err := w.pass(g)
	w.Expect(err).NotTo(HaveOccurred())
	w.Expect(result.RequeueAfter).To(Equal(time.Minute), "the pass comes back when its time has come")

	w.later(time.Minute)
	g = w.settle(g)
	w.expectGives("chat", "ada", true)
	w.Expect(g.Status.State).To(Equal(v1alpha1.GrantVerified))
}

func TestAccessExpires(t *testing.T) {
	for _, test := range []struct {
		reason      string
		maxDuration time.Duration
		after       time.Duration
	}{
		{"at the spec's moment", 0, 100 * time.Hour},
		{"after the profile's longest duration, if that is sooner", 10 * time.Hour, 10 * time.Hour},
		{"at the spec's moment, if the profile's longest duration is later", 200 * time.Hour, 100 * time.Hour},
	} {
		t.Run(test.reason, func(t *testing.T) {
			w := newWorld(t, marked)
			g := w.simple("chat")
			if test.maxDuration > 0 {
				update(w, &v1alpha1.AccessProfile{ObjectMeta: metav1.ObjectMeta{Name: w.target}}, func(p *v1alpha1.AccessProfile) {
					p.Spec.MaxDuration = &metav1.Duration{Duration: test.maxDuration}
				})
			}
			end := w.clock.Now().Add(test.after)
			g = w.settle(g)
			w.Expect(g.Status.ExpiresAt.Time).To(BeTemporally("==", end))

			w.later(test.after - time.Second)
			g = w.settle(g)
			w.expectGives("chat", "ada", true)
			result, err := w.pass(g)
			w.Expect(err).NotTo(HaveOccurred())
			w.Expect(result.RequeueAfter).To(Equal(time.Second), "the pass comes back when it expires")
			w.Expect(*result.Priority).To(Equal(revokePriority), "what expires goes ahead of everything else")

			w.events.Read()
			w.later(5 * time.Second)
			g = w.settle(g)
			w.expectGives("chat", "ada", false)
			row := only(w, g)
			w.Expect(row.State).To(Equal(v1alpha1.GrantRevoked))
			w.Expect(row.RevokeRequestedAt.Time).To(BeTemporally("==", end), "it is owed from the moment of expiry, not of the first look")
			w.Expect(ready(g)).To(HavePrefix("True AccessExpired: access ended: it expired at "))
			w.Expect(w.events.reasons()).To(Equal([]string{"Normal Expired", "Normal Revoked"}))
		})
	}
}

func TestAnExtensionBringsExpiredAccessBack(t *testing.T) {
	w := newWorld(t, marked)
	g := w.settle(w.simple("chat"))
	first := g.Status.FirstGrantedAt
	w.later(101 * time.Hour)
	g = w.settle(g)
	w.expectGives("chat", "ada", false)

	g = w.change(g, func(spec *v1alpha1.AccessGrantSpec) { spec.ExpiresAt = metav1.NewTime(w.clock.Now().Add(time.Hour)) })
	w.expectGives("chat", "ada", true)
	w.Expect(g.Status.FirstGrantedAt.Time).To(BeTemporally("==", first.Time), "the longest duration counts from the first grant of all")
}

func TestSuspensionTakesAndResumptionGives(t *testing.T) {
	w := newWorld(t, marked)
	g := w.settle(w.simple("chat"))
	given := only(w, g).GrantedAt
	w.later(time.Hour)
	g = w.withdraw(g, v1alpha1.WithdrawalSuspended)
	w.expectGives("chat", "ada", false)
	w.Expect(ready(g)).To(HavePrefix("True Suspended: "))

	w.later(time.Hour)
	g = w.withdraw(g, "")
	w.expectGives("chat", "ada", true)
	row := only(w, g)
	w.Expect(row.State).To(Equal(v1alpha1.GrantVerified))
	w.Expect(row.GrantedAt.Time).To(BeTemporally("==", given.Time), "it is when it was first granted")
	w.Expect(row.VerifiedAt.Time).To(BeTemporally("==", w.clock.Now()))
	w.Expect(row.RevokedAt).To(BeNil())
	w.Expect(row.RevokeRequestedAt).To(BeNil())
}

func TestResumptionBeforeTheRevocationIsProvenOwesNothing(t *testing.T) {
	w := newWorld(t, marked)
	g := w.settle(w.simple("chat"))
	// The revocation has its effect and its answer is lost.
	w.memory.SetFault(func(call providertest.Call) (error, error) {
		if call.Operation == provider.OperationRevoke {
			return nil, provider.Retryable("connection reset")
		}
		return nil, nil
	})
	g = w.withdraw(g, v1alpha1.WithdrawalSuspended)
	w.Expect(g.Status.Owed).To(Equal(int32(1)))
	w.memory.SetFault(nil)
	g = w.withdraw(g, "")
	w.expectGives("chat", "ada", true)
	w.Expect(states(g)).To(Equal(map[string]string{"chat": "Verified"}))
	w.Expect(g.Status.Owed).To(BeZero())
}

func TestAHoldGivesNothingNewAndRevokesNothing(t *testing.T) {
	w := newWorld(t, marked)
	profile := w.profile("chat")
	g := w.settle(w.grant(w.engagement("campaign"), w.worker("ada")))
	update(w, profile, func(p *v1alpha1.AccessProfile) {
		p.Spec.Entitlements = append(p.Spec.Entitlements, w.entitlement("drive"))
	})

	g = w.change(g, func(spec *v1alpha1.AccessGrantSpec) { spec.Hold = "rule tenure denies it" })
	w.expectGives("chat", "ada", true)
	w.expectGives("drive", "ada", false)
	w.Expect(states(g)).To(Equal(map[string]string{"chat": "Verified"}))
	w.Expect(ready(g)).To(Equal("False Waiting: nothing new is given while the engagement is held: rule tenure denies it"))

	narrowed := w.memory.WidenByHand(w.access("chat", "ada"))
	w.settle(g)
	w.Expect(narrowed()).To(BeTrue(), "what was widened by hand is narrowed all the same")
	w.memory.RemoveByHand(w.access("chat", "ada"))
	g = w.settle(g)
	w.expectGives("chat", "ada", false)
	w.Expect(states(g)).To(Equal(map[string]string{"chat": "Pending"}))

	g = w.change(g, func(spec *v1alpha1.AccessGrantSpec) { spec.Hold = "" })
	w.Expect(states(g)).To(Equal(map[string]string{"chat": "Verified", "drive": "Verified"}))

	g = w.change(g, func(spec *v1alpha1.AccessGrantSpec) {
		spec.Hold, spec.Withdraw = "rule tenure denies it", v1alpha1.WithdrawalEnded
	})
	w.Expect(states(g)).To(Equal(map[string]string{"chat": "Revoked", "drive": "Revoked"}), "a hold delays no revocation")
}

func TestWhatWasGrantedIsRevokedAsItWasGranted(t *testing.T) {
	for _, test := range []struct {
		reason string
		change func(*world)
		want   map[string]string
		has    map[string]bool
		ready  string
	}{
		{"the worker's account changed", func(w *world) {
			update(w, &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "ada"}}, func(worker *v1alpha1.Worker) {
				worker.Spec.Identities[0].Subject = "ada2@example.com"
			})
		}, map[string]string{"chat": "Revoked Verified", "drive": "Revoked Verified"}, map[string]bool{"ada": false, "ada2": true}, "True Holds"},
		{"the worker's account was taken off", func(w *world) {
			update(w, &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "ada"}}, func(worker *v1alpha1.Worker) { worker.Spec.Identities = nil })
		}, map[string]string{"chat": "Revoked", "drive": "Revoked"}, map[string]bool{"ada": false}, "has no identity for AccessProvider"},
		{"the worker's account became one that nobody may have", func(w *world) {
			update(w, &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "ada"}}, func(worker *v1alpha1.Worker) { worker.Spec.Identities[0].Subject = "system:admin" })
		}, map[string]string{"chat": "Revoked", "drive": "Revoked"}, map[string]bool{"ada": false}, "False Invalid: entitlement chat"},
		{"the profile gives another role", func(w *world) {
			update(w, &v1alpha1.AccessProfile{ObjectMeta: metav1.ObjectMeta{Name: w.target}}, func(p *v1alpha1.AccessProfile) {
				for i := range p.Spec.Entitlements {
					p.Spec.Entitlements[i].Kubernetes.ClusterRole += "-reader"
				}
			})
		}, map[string]string{"chat": "Revoked Verified", "drive": "Revoked Verified"}, map[string]bool{"ada": false}, "True Holds"},
		{"the profile gives only something else", func(w *world) {
			update(w, &v1alpha1.AccessProfile{ObjectMeta: metav1.ObjectMeta{Name: w.target}}, func(p *v1alpha1.AccessProfile) {
				p.Spec.Entitlements = []v1alpha1.Entitlement{w.entitlement("tracker")}
			})
		}, map[string]string{"chat": "Revoked", "drive": "Revoked", "tracker": "Verified"}, map[string]bool{"ada": false}, "True Holds"},
		{"the profile may not be given here any more", func(w *world) {
			update(w, &v1alpha1.AccessProfile{ObjectMeta: metav1.ObjectMeta{Name: w.target}}, func(p *v1alpha1.AccessProfile) {
				p.Spec.Allowed = &v1alpha1.AllowedUse{NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"team": "marketing"}}}
			})
		}, map[string]string{"chat": "Revoked", "drive": "Revoked"}, map[string]bool{"ada": false}, "False ReferenceNotAllowed"},
		{"the profile is gone, and access is still wanted", func(w *world) {
			w.Expect(admin.Delete(w.Context(), &v1alpha1.AccessProfile{ObjectMeta: metav1.ObjectMeta{Name: w.target}})).To(Succeed())
		}, map[string]string{"chat": "Verified", "drive": "Verified"}, map[string]bool{"ada": true}, "False ReferenceNotFound: AccessProfile"},
		{"the worker's object is gone, and access is still wanted", func(w *world) {
			w.Expect(admin.Delete(w.Context(), &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "ada"}})).To(Succeed())
		}, map[string]string{"chat": "Verified", "drive": "Verified"}, map[string]bool{"ada": true}, "False WorkerGone"},
		{"the worker's object is another person's now", func(w *world) {
			w.Expect(admin.Delete(w.Context(), &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "ada"}})).To(Succeed())
			other := &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "ada"}}
			other.Spec.PersonKey, other.Spec.Identities = "somebody-else", []v1alpha1.Identity{{Provider: w.target, Subject: "eve@example.com"}}
			w.create(other)
		}, map[string]string{"chat": "Verified", "drive": "Verified"}, map[string]bool{"ada": true, "eve": false}, "False WorkerGone"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			w := newWorld(t, marked)
			g := w.settle(w.simple("chat", "drive"))
			test.change(w)
			g = w.settle(g)
			w.Expect(states(g)).To(Equal(test.want))
			for worker, has := range test.has {
				w.expectGives("chat", worker, has)
			}
			w.Expect(ready(g)).To(ContainSubstring(test.ready))

			w.withdraw(g, v1alpha1.WithdrawalEnded)
			w.Expect(w.memory.Given()).To(BeZero(), "whatever changed, everything is revoked in the end")
		})
	}
}

func TestAllowedUseIsEnforced(t *testing.T) {
	for _, test := range []struct {
		reason  string
		allowed *v1alpha1.AllowedUse
		given   bool
	}{
		{"no limit", nil, true},
		{"an empty limit", &v1alpha1.AllowedUse{}, true},
		{"the worker's type is listed", &v1alpha1.AllowedUse{WorkerTypes: []v1alpha1.WorkerType{v1alpha1.AgencyWorker, v1alpha1.IndependentContractor}}, true},
		{"the worker's type is not listed", &v1alpha1.AllowedUse{WorkerTypes: []v1alpha1.WorkerType{v1alpha1.AgencyWorker}}, false},
		{"the namespace is selected", &v1alpha1.AllowedUse{NamespaceSelector: &metav1.LabelSelector{}}, true},
		{"the namespace is not selected", &v1alpha1.AllowedUse{NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"team": "finance"}}}, false},
		{"the selector cannot be read", &v1alpha1.AllowedUse{NamespaceSelector: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "team", Operator: "Near"}}}}, false},
	} {
		t.Run(test.reason, func(t *testing.T) {
			w := newWorld(t, marked)
			g := w.simple("chat")
			update(w, &v1alpha1.AccessProfile{ObjectMeta: metav1.ObjectMeta{Name: w.target}}, func(p *v1alpha1.AccessProfile) { p.Spec.Allowed = test.allowed })
			g = w.settle(g)
			w.expectGives("chat", "ada", test.given)
			if !test.given {
				w.Expect(ready(g)).To(And(HavePrefix("False ReferenceNotAllowed: AccessProfile "), ContainSubstring("allowed.")))
			}
		})
	}
}

func TestTheAcceptedClassificationIsInForce(t *testing.T) {
	g := NewWithT(t)
	e := &v1alpha1.Engagement{}
	e.Spec.Classification.WorkerType = v1alpha1.IndependentContractor
	g.Expect(workerType(e)).To(Equal(v1alpha1.IndependentContractor), "before anybody accepted, what is asked for")
	e.Status.Terms = &v1alpha1.AcceptedTerms{Classification: v1alpha1.Classification{WorkerType: v1alpha1.AgencyWorker}}
	g.Expect(workerType(e)).To(Equal(v1alpha1.AgencyWorker), "what was accepted, not what is asked for since")
	g.Expect(workerType(nil)).To(BeEmpty())
}

func TestWhatIsMissingIsNamedWithWhatToDo(t *testing.T) {
	for _, test := range []struct {
		reason string
		change func(*world)
		want   []string
	}{
		{"no profile", func(w *world) {
			w.Expect(admin.Delete(w.Context(), &v1alpha1.AccessProfile{ObjectMeta: metav1.ObjectMeta{Name: w.target}})).To(Succeed())
		}, []string{"False ReferenceNotFound: AccessProfile ", "does not exist: create it again"}},
		{"no identity", func(w *world) {
			update(w, &v1alpha1.Worker{ObjectMeta: metav1.ObjectMeta{Namespace: w.namespace, Name: "ada"}}, func(worker *v1alpha1.Worker) { worker.Spec.Identities = nil })
		}, []string{"False ReferenceNotFound: Worker ", "/ada has no identity for AccessProvider ", "add it to the Worker's spec.identities"}},
		{"no provider", func(w *world) {
			update(w, &v1alpha1.AccessProfile{ObjectMeta: metav1.ObjectMeta{Name: w.target}}, func(p *v1alpha1.AccessProfile) { p.Spec.Entitlements[0].ProviderRef.Name = "nowhere" })
		}, []string{"False ReferenceNotFound: AccessProvider nowhere, which grants entitlement chat, does not exist: create it"}},
		{"a provider that does not answer", func(w *world) {
			w.memory.SetFault(failing(provider.OperationProbe, provider.Retryable("no route to host")))
			w.later(reprobe)
			w.reconcileProvider()
		}, []string{"False ProviderFailed: AccessProvider ", "is not ready: the target system does not answer as it should: no route to host"}},
	} {
		t.Run(test.reason, func(t *testing.T) {
			w := newWorld(t, marked)
			g := w.simple("chat")
			test.change(w)
			g = w.settle(g)
			w.Expect(g.Status.State).To(Equal(v1alpha1.GrantPending))
			for _, words := range test.want {
				w.Expect(ready(g)).To(ContainSubstring(words))
			}
			w.Expect(strings.Contains(ready(g), "ada@")).To(BeFalse())
			w.Expect(w.memory.Given()).To(BeZero())
		})
	}
}

func TestTwoEntitlementsForTheSameAccessAreOne(t *testing.T) {
	w := newWorld(t, marked)
	g := w.simple("chat", "drive")
	update(w, &v1alpha1.AccessProfile{ObjectMeta: metav1.ObjectMeta{Name: w.target}}, func(p *v1alpha1.AccessProfile) {
		p.Spec.Entitlements[1].Kubernetes.ClusterRole = "chat"
	})
	g = w.settle(g)
	w.Expect(states(g)).To(Equal(map[string]string{"chat": "Verified"}))
	w.withdraw(g, v1alpha1.WithdrawalEnded)
	w.Expect(w.memory.Given()).To(BeZero())
}
