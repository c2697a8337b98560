// Package reading reads objects as GitOps tools do: by kstatus's own library, by the Lua scripts that ship for Argo CD, and by the one table
// that both have to agree with.
package reading

import (
	"fmt"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// State is a class of what an object can be, to whoever looks from outside.
type State string

// The states, in the order in which they are told apart.
const (
	Deleting  State = "being deleted"
	Fresh     State = "not looked at yet"
	Changed   State = "changed since it was looked at"
	Stalled   State = "overdue or blocked"
	Busy      State = "the operator is at work"
	Closed    State = "closed"
	Paused    State = "suspended"
	Waiting   State = "waiting for people, within their time"
	Unhelped  State = "not there before people have acted"
	AsWritten State = "as it should be"
)

// Reading is how a state is read.
type Reading struct {
	KStatus status.Status
	Health  HealthCode
}

// Table is the contract: what each state is to Flux, and what to Argo CD.
var Table = map[State]Reading{
	Deleting:  {status.TerminatingStatus, Progressing},
	Fresh:     {status.InProgressStatus, Progressing},
	Changed:   {status.InProgressStatus, Progressing},
	Stalled:   {status.FailedStatus, Degraded},
	Busy:      {status.InProgressStatus, Progressing},
	Closed:    {status.CurrentStatus, Healthy},
	Paused:    {status.CurrentStatus, Suspended},
	Waiting:   {status.CurrentStatus, Healthy},
	Unhelped:  {status.InProgressStatus, Progressing},
	AsWritten: {status.CurrentStatus, Healthy},
}

// StateOf tells by its own conditions what state an object is in. Conditions that contradict each other are an error.
func StateOf(object *unstructured.Unstructured) (State, error) {
	if object.GetDeletionTimestamp() != nil {
		return Deleting, nil
	}
	if object.GetKind() == "Dossier" {
		return AsWritten, nil
	}
	observed, found, err := unstructured.NestedInt64(object.Object, "status", "observedGeneration")
	switch {
	case err != nil:
		return "", fmt.Errorf("reading status.observedGeneration: %w", err)
	case !found:
		return "", fmt.Errorf("a %s without status.observedGeneration is taken for a finished one", object.GetKind())
	case observed == -1:
		return Fresh, nil
	case observed != object.GetGeneration():
		return Changed, nil
	}
	conditions, err := conditionsOf(object)
	if err != nil {
		return "", err
	}
	return conditions.state(object)
}

// Served is an object of one of Longshore's kinds as the API server gives it out.
func Served(kind string, object any) (*unstructured.Unstructured, error) {
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return nil, fmt.Errorf("reading the fields of a %s: %w", kind, err)
	}
	served := &unstructured.Unstructured{Object: fields}
	served.SetAPIVersion(v1alpha1.GroupVersion.String())
	served.SetKind(kind)
	return served, nil
}

type condition struct{ status, reason string }

type conditions map[string]condition

func conditionsOf(object *unstructured.Unstructured) (conditions, error) {
	list, _, err := unstructured.NestedSlice(object.Object, "status", "conditions")
	if err != nil {
		return nil, fmt.Errorf("reading status.conditions: %w", err)
	}
	found := conditions{}
	for _, item := range list {
		fields, is := item.(map[string]any)
		if !is {
			return nil, fmt.Errorf("a condition is a %T", item)
		}
		found[fmt.Sprint(fields["type"])] = condition{fmt.Sprint(fields["status"]), fmt.Sprint(fields["reason"])}
	}
	return found, nil
}

func (c conditions) state(object *unstructured.Unstructured) (State, error) {
	ready, there := c[v1alpha1.ConditionReady]
	stalled, busy := c[v1alpha1.ConditionStalled].status == "True", c[v1alpha1.ConditionReconciling].status == "True"
	phase, _, err := unstructured.NestedString(object.Object, "status", "phase")
	if err != nil {
		return "", fmt.Errorf("reading status.phase: %w", err)
	}
	suspended, _, err := unstructured.NestedBool(object.Object, "spec", "suspend")
	if err != nil {
		return "", fmt.Errorf("reading spec.suspend: %w", err)
	}
	switch {
	case !there:
		return "", fmt.Errorf("a %s that was looked at has no condition Ready", object.GetKind())
	case stalled && busy:
		return "", fmt.Errorf("a %s is both Stalled and Reconciling, and kstatus goes by whichever comes first", object.GetKind())
	case stalled && ready.status == "True":
		return "", fmt.Errorf("a %s is Stalled and yet Ready", object.GetKind())
	case stalled:
		return Stalled, nil
	case busy:
		return Busy, nil
	case ready.status != "True" && ready.reason != v1alpha1.ReasonWaiting:
		return "", fmt.Errorf("a %s is not Ready for the reason %s, and neither Stalled nor Reconciling: nobody would ever learn of it", object.GetKind(), ready.reason)
	case ready.status != "True":
		return Unhelped, nil
	case phase == string(v1alpha1.PhaseClosed), phase == "" && ready.reason == v1alpha1.ReasonClosed:
		return Closed, nil
	case suspended:
		return Paused, nil
	case ready.reason == v1alpha1.ReasonWaiting:
		return Waiting, nil
	default:
		return AsWritten, nil
	}
}

// Check reads an object by kstatus and by Argo CD's script and compares both with the table. It returns the object's state.
func (a *Argo) Check(object *unstructured.Unstructured) (State, error) {
	state, err := StateOf(object)
	if err != nil {
		return "", err
	}
	want := Table[state]
	result, err := status.Compute(object)
	if err != nil {
		return "", fmt.Errorf("computing the kstatus: %w", err)
	}
	if result.Status != want.KStatus {
		return "", fmt.Errorf("%s: kstatus should be %s and is %s (%s)", state, want.KStatus, result.Status, result.Message)
	}
	health, err := a.Health(object)
	if err != nil {
		return "", err
	}
	if health.Status != want.Health {
		return "", fmt.Errorf("%s: Argo CD should show %s and shows %s (%s)", state, want.Health, health.Status, health.Message)
	}
	if health.Message == "" {
		return "", fmt.Errorf("%s: Argo CD should show why it is %s", state, health.Status)
	}
	return state, nil
}
