// Package account tells which accounts in the cluster are, or may be, a Worker's own.
package account

import (
	"slices"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// Of lists the accounts that a worker may act under: their username, and the subject of every identity, each once. Which of the target systems is this cluster, only
// their AccessProviders know. So this is for turning people down in their own affairs, where somebody of the same name in another system is turned down as well;
// who must be the worker is told by the username alone.
func Of(w *v1alpha1.WorkerSpec) []string {
	accounts := make([]string, 0, 1+len(w.Identities))
	if w.Username != "" {
		accounts = append(accounts, w.Username)
	}
	for _, i := range w.Identities {
		if !slices.Contains(accounts, i.Subject) {
			accounts = append(accounts, i.Subject)
		}
	}
	return accounts
}

// Has says whether an account is among those that a worker may act under.
func Has(w *v1alpha1.WorkerSpec, account string) bool {
	return account != "" && slices.Contains(Of(w), account)
}
