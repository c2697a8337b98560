package engagement

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/metrics"
)

// announce tells people what a status write changed. Names of people are left out: events are read by more than those concerned.
func (r *Reconciler) announce(eng *v1alpha1.Engagement, st *v1alpha1.EngagementStatus) {
	old := &eng.Status
	metrics.ObserveStatus(eng, old, st)
	if old.Phase != st.Phase {
		r.event(eng, corev1.EventTypeNormal, "PhaseChanged", "Advance", "%s → %s", phaseName(old.Phase), st.Phase)
	}
	r.announceOffers(eng, old, st)
	if old.EndedAt == nil && st.EndedAt != nil {
		r.event(eng, corev1.EventTypeNormal, "Ended", "End", "ended at %s: %s", st.Ends, st.Ending.Cause)
	}
	if old.Terms != nil && st.Terms != nil && old.Terms.Hash != st.Terms.Hash {
		r.event(eng, corev1.EventTypeNormal, "Amended", "Amend", "changed terms were accepted: %s", st.Terms.Hash)
	}
	if was, is := condition(old.Conditions, v1alpha1.ConditionStalled), condition(st.Conditions, v1alpha1.ConditionStalled); is != nil && is.Status == "True" && (was == nil || was.Status != is.Status || was.Reason != is.Reason) {
		r.event(eng, corev1.EventTypeWarning, is.Reason, "Stall", "stalled; kubectl get eng %s -o jsonpath='{.status.waitingFor}' says for whom", eng.Name)
	}
	if n := len(st.Evaluations); n > len(old.Evaluations) {
		r.event(eng, corev1.EventTypeNormal, "Evaluated", "Evaluate", "%s evaluation recorded: %s", st.Evaluations[n-1].Kind, st.Evaluations[n-1].Score)
	}
}

func (r *Reconciler) announceOffers(eng *v1alpha1.Engagement, old, st *v1alpha1.EngagementStatus) {
	before, after := offerOf(old), offerOf(st)
	if after != nil && (before == nil || before.Hash != after.Hash) {
		r.event(eng, corev1.EventTypeNormal, "OfferMade", "Offer", "an offer is open until %s: %s", after.ExpiresAt.UTC().Format(time.RFC3339), after.Hash)
	}
	was := 0
	if old.Recruitment != nil {
		was = len(old.Recruitment.Refusals)
	}
	if st.Recruitment != nil {
		for _, refusal := range st.Recruitment.Refusals[min(was, len(st.Recruitment.Refusals)):] {
			r.event(eng, corev1.EventTypeNormal, "Offer"+string(refusal.State), "Offer", "the offer was not taken; the next candidate is asked")
		}
	}
	if old.Terms == nil && st.Terms != nil {
		r.event(eng, corev1.EventTypeNormal, "OfferAccepted", "Offer", "the offer was accepted: %s", st.Terms.Hash)
	}
}

func offerOf(st *v1alpha1.EngagementStatus) *v1alpha1.Offer {
	if st.Recruitment == nil {
		return nil
	}
	return st.Recruitment.Offer
}

// announceIgnored says that a statement does not count. Its name, its claim and the message may name people, so they stay on the statement itself.
func (r *Reconciler) announceIgnored(eng *v1alpha1.Engagement, resource string, standing v1alpha1.Standing) {
	metrics.CountIgnored(standing.Reason)
	r.event(eng, corev1.EventTypeWarning, standing.Reason, "Refuse", "one of the %s does not count: kubectl get %s -o wide says which, and why", resource, resource)
}

func (r *Reconciler) event(eng *v1alpha1.Engagement, kind, reason, action, format string, args ...any) {
	r.Recorder.Eventf(eng, nil, kind, reason, action, format, args...)
}

func phaseName(p v1alpha1.Phase) string {
	if p == "" {
		return "new"
	}
	return string(p)
}
