package assignment

import (
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/health"
	"github.com/longshore-dev/longshore/controllers/domain/placement"
)

// settle says how far work is that somebody has: of what was stated, what time it is, and whether they are still engaged. It returns the earliest moment at
// which time alone changes that. The engagement is nil if it is gone.
func settle(a *v1alpha1.Assignment, st *v1alpha1.AssignmentStatus, engagement *v1alpha1.Engagement, now time.Time) (next time.Time) {
	c := placement.Follow(counted(st))
	st.ObservedGeneration = a.Generation
	st.State, st.Rounds = c.State, c.Rounds
	st.StartedAt, st.SubmittedAt, st.AcceptedAt = stamp(c.Started), stamp(c.Submitted), stamp(c.Accepted)
	earliest := func(t time.Time) {
		if t.After(now) && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	if w := a.Spec.Window; w != nil && c.Started == nil {
		begins := w.Start.Time
		if st.AssignedAt != nil && st.AssignedAt.After(begins) {
			begins = st.AssignedAt.Time
		}
		switch {
		case begins.After(now) && c.Submitted == nil:
			earliest(begins)
		case !begins.After(now):
			// Work that was submitted early was begun no later than that.
			if c.Submitted == nil || !c.Submitted.Before(begins) {
				st.StartedAt = stamp(&begins)
			}
			if st.State == v1alpha1.AssignmentAssigned {
				st.State = v1alpha1.AssignmentStarted
			}
		}
	}
	due := placement.Due(&a.Spec)
	st.OnTime = nil
	switch {
	case due == nil:
	case c.Submitted != nil:
		st.OnTime = new(!c.Submitted.After(*due))
	case now.After(*due):
		st.OnTime = new(false)
	default:
		// A second later it is late.
		earliest(due.Add(time.Second))
	}
	s := &standing{a: a, st: st, course: c, due: due, gone: engagement == nil || engagement.Status.EndedAt != nil, now: now}
	if engagement != nil && engagement.Status.Worker != nil && engagement.Status.Worker.Username != "" {
		s.worker = &v1alpha1.Subject{Kind: v1alpha1.SubjectUser, Name: engagement.Status.Worker.Username}
	}
	s.await()
	return next
}

// standing is how work stands that somebody has.
type standing struct {
	a      *v1alpha1.Assignment
	st     *v1alpha1.AssignmentStatus
	course placement.Course
	due    *time.Time
	// gone says that whoever has it is not engaged any more.
	gone   bool
	worker *v1alpha1.Subject
	now    time.Time
}

// await says for whom the work waits, and whether that is in time.
func (s *standing) await() {
	claim := "assignment/" + s.a.Name
	s.st.WaitingFor = nil
	switch s.st.State {
	case v1alpha1.AssignmentAccepted:
		setReady(s.a, s.st, s.now, true, v1alpha1.ReasonClosed, "accepted"+s.cancelledTooLate())
	case v1alpha1.AssignmentSubmitted:
		message := fmt.Sprintf("submitted: attest %s Accepted, or Revise to send it back", claim)
		if s.course.Disputed {
			message = fmt.Sprintf("the worker disputes that it has to be revised: attest %s Accepted, or Revise to insist", claim)
		}
		s.wait(claim, v1alpha1.ActorRequester, nil, s.course.Since, nil, message)
		setReady(s.a, s.st, s.now, true, v1alpha1.ReasonWaiting, "waits to be accepted"+s.cancelledTooLate())
	case v1alpha1.AssignmentRevise:
		switch {
		case s.a.Spec.Cancelled:
			setReady(s.a, s.st, s.now, true, v1alpha1.ReasonClosed, "cancelled while it was revised; what was submitted can still be accepted")
		case s.gone:
			message := fmt.Sprintf("whoever submitted it is not engaged any more: attest %s Accepted as it is, or set spec.cancelled and create the rest anew", claim)
			s.wait(claim, v1alpha1.ActorRequester, nil, s.course.Since, nil, message)
			setReady(s.a, s.st, s.now, true, v1alpha1.ReasonWaiting, message)
		default:
			s.wait(claim, v1alpha1.ActorWorker, s.worker, s.course.Since, nil, fmt.Sprintf("sent back for revision: do what is asked and attest %s Submitted again, or Disputed", claim))
			setReady(s.a, s.st, s.now, true, v1alpha1.ReasonWaiting, "waits to be submitted again")
		}
	default:
		verdicts := "Submitted when it is done"
		if s.st.State == v1alpha1.AssignmentAssigned {
			verdicts = "Started, and " + verdicts
		}
		since := s.now
		if s.st.AssignedAt != nil {
			since = s.st.AssignedAt.Time
		}
		s.wait(claim, v1alpha1.ActorWorker, s.worker, since, s.due, fmt.Sprintf("%s: attest %s %s; Declined gives it back", s.a.Spec.Title, claim, verdicts))
		if s.due != nil && s.now.After(*s.due) {
			setReady(s.a, s.st, s.now, false, v1alpha1.ReasonDeadlinePassed, fmt.Sprintf("overdue since %s: the worker submits it or gives it back by %s Declined, or spec.cancelled takes it back", s.due.UTC().Format(time.RFC3339), claim))
			return
		}
		setReady(s.a, s.st, s.now, true, v1alpha1.ReasonWaiting, "somebody has it; see status.waitingFor")
	}
}

// cancelledTooLate says so of work that was submitted before it was cancelled, as all is that somebody still has.
func (s *standing) cancelledTooLate() string {
	if !s.a.Spec.Cancelled {
		return ""
	}
	return "; spec.cancelled came after it was submitted and takes nothing back"
}

func (s *standing) wait(what, who string, subject *v1alpha1.Subject, since time.Time, due *time.Time, message string) {
	s.st.WaitingFor = append(s.st.WaitingFor, v1alpha1.WaitingFor{What: what, Who: who, Subject: subject, Since: metav1.Time{Time: since}, Due: stamp(due), Message: clip(message, maxWaitMessage)})
}

func (p *pass) setReady(ready bool, reason, message string) {
	setReady(p.Assignment, p.st, p.Now, ready, reason, message)
}

func setReady(a *v1alpha1.Assignment, st *v1alpha1.AssignmentStatus, now time.Time, ready bool, reason, message string) {
	status := metav1.ConditionFalse
	if ready {
		status = metav1.ConditionTrue
	}
	health.Set(&st.Conditions, metav1.Condition{
		Status: status, Reason: reason, Message: message, ObservedGeneration: a.Generation, LastTransitionTime: metav1.Time{Time: now},
	})
}

func stamp(t *time.Time) *metav1.Time {
	if t == nil {
		return nil
	}
	return &metav1.Time{Time: *t}
}

// clip shortens a text to what the schema allows, between two characters.
func clip(text string, bytes int) string {
	const more = "…"
	if len(text) <= bytes {
		return text
	}
	return strings.ToValidUTF8(text[:bytes-len(more)], "") + more
}
