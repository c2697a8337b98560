package main

import (
	"strings"

	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// answer says what is to be done about one entry of waitingFor, and by whom.
func (o *office) answer(subject client.Object, w v1alpha1.WaitingFor) (answer, bool) {
	switch s := subject.(type) {
	case *v1alpha1.Engagement:
		return o.answerEngagement(s, w)
	case *v1alpha1.Worker:
		return o.answerWorker(s, w)
	}
	return answer{}, false
}

// answerWorker passes a worker's screening, step by step.
func (o *office) answerWorker(worker *v1alpha1.Worker, w v1alpha1.WaitingFor) (answer, bool) {
	name, found := strings.CutPrefix(w.What, "screening/")
	if !found {
		return answer{}, false
	}
	for _, m := range worker.Status.Pools {
		step := o.screeningStep(worker.Namespace, m, strings.TrimPrefix(name, m.Name+"."))
		if step == nil || len(step.Attestors) == 0 {
			continue
		}
		s := &v1alpha1.AttestationSpec{
			SubjectRef: v1alpha1.SubjectReference{Kind: "Worker", Name: worker.Name, PoolRef: &v1alpha1.LocalReference{Name: m.Name}},
			Claim:      "screening/" + step.Name, Verdict: v1alpha1.VerdictDone,
		}
		if step.Type == v1alpha1.StepInterview {
			s.Score = ptr.To(drawn(worker.Name, step.Name, m.Name, 95))
		}
		return answer{by: firstUser(step.Attestors), after: w.Since.Time, object: attestation(worker.Namespace, worker.Name, s)}, true
	}
	return answer{}, false
}

func (o *office) screeningStep(namespace string, m v1alpha1.PoolMembership, name string) *v1alpha1.ChecklistStep {
	if m.Checklist == nil {
		return nil
	}
	list := o.checklists[key(namespace, m.Checklist.Name)]
	if list == nil {
		return nil
	}
	for i := range list.Spec.Steps {
		if list.Spec.Steps[i].Name == name {
			return &list.Spec.Steps[i]
		}
	}
	return nil
}
