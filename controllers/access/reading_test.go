package access

import (
	"testing"

	. "github.com/onsi/gomega"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
	"github.com/longshore-dev/longshore/test/gitops/reading"
)

// TestGitOpsToolsReadGrantsAsTheyAre has kstatus and the health script for Argo CD read grants as passes leave them: what is not there is never read as if it were,
// and what people have yet to hand out is not read as a failure.
func TestGitOpsToolsReadGrantsAsTheyAre(t *testing.T) {
	argo, err := reading.OpenArgo()
	if err != nil {
		t.Fatal(err)
	}
	read := func(w *world, g *v1alpha1.AccessGrant) reading.State {
		w.Helper()
		served, err := reading.Served("AccessGrant", g)
		w.Expect(err).NotTo(HaveOccurred())
		state, err := argo.Check(served)
		w.Expect(err).NotTo(HaveOccurred())
		return state
	}
	refused := failing(provider.OperationRevoke, provider.Retryable("the grant cannot be taken away"))

	t.Run("what a custodian hands out and takes back", func(t *testing.T) {
		w := newWorld(t, byHand)
		g := w.settle(w.simple("laptop"))
		w.Expect(g.Status.State).To(Equal(v1alpha1.GrantPending))
		w.Expect(read(w, g)).To(Equal(reading.Unhelped), "it is not there before its custodian has acted")
		w.memory.Attest(provider.OperationGrant, w.access("laptop", "ada"))
		g = w.settle(g)
		w.Expect(g.Status.State).To(Equal(v1alpha1.GrantGranted))
		w.Expect(read(w, g)).To(Equal(reading.AsWritten), "its custodian attested that it was handed out")
		g = w.withdraw(g, v1alpha1.WithdrawalEnded)
		w.Expect(g.Status.Owed).To(Equal(int32(1)))
		w.Expect(read(w, g)).To(Equal(reading.Unhelped), "it is not back before its custodian has acted")
		w.memory.Attest(provider.OperationRevoke, w.access("laptop", "ada"))
		g = w.settle(g)
		w.Expect(g.Status.State).To(Equal(v1alpha1.GrantAttested))
		w.Expect(read(w, g)).To(Equal(reading.Closed))
	})
	t.Run("what a target system gives and is slow to take away", func(t *testing.T) {
		w := newWorld(t, marked)
		g := w.settle(w.simple("chat"))
		w.Expect(g.Status.State).To(Equal(v1alpha1.GrantVerified))
		w.Expect(read(w, g)).To(Equal(reading.AsWritten))
		w.memory.SetFault(refused)
		g = w.withdraw(g, v1alpha1.WithdrawalEnded)
		w.Expect(g.Status.State).To(Equal(v1alpha1.GrantRevoking))
		w.Expect(read(w, g)).To(Equal(reading.Stalled), "a revocation that fails is a failure at once")
		w.memory.SetFault(nil)
		w.later(resync)
		g = w.settle(g)
		w.Expect(g.Status.State).To(Equal(v1alpha1.GrantRevoked))
		w.Expect(read(w, g)).To(Equal(reading.Closed))
	})
}
