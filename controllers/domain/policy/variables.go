package policy

import (
	"time"

	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/interpreter"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

// The views below are what rules see of the objects; their JSON names are those that rules read.

type metadataView struct {
	Name              string            `json:"name"`
	Namespace         string            `json:"namespace"`
	Labels            map[string]string `json:"labels,omitempty"`
	Annotations       map[string]string `json:"annotations,omitempty"`
	CreationTimestamp metav1.Time       `json:"creationTimestamp"`
}

type engagementView struct {
	Metadata metadataView             `json:"metadata"`
	Spec     *v1alpha1.EngagementSpec `json:"spec"`
	Status   engagementStatusView     `json:"status"`
}

type engagementStatusView struct {
	Phase        v1alpha1.Phase               `json:"phase,omitempty"`
	Attestations []v1alpha1.AttestationRecord `json:"attestations"`
}

type workerView struct {
	Metadata metadataView         `json:"metadata"`
	Spec     *v1alpha1.WorkerSpec `json:"spec"`
}

type poolView struct {
	Metadata metadataView             `json:"metadata"`
	Spec     *v1alpha1.TalentPoolSpec `json:"spec"`
}

type checklistView struct {
	Spec v1alpha1.ChecklistSpec `json:"spec"`
}

type tenureView struct {
	Since       metav1.Time   `json:"since"`
	Limit       *metav1.Time  `json:"limit,omitempty"`
	Engagements []engagedView `json:"engagements"`
}

type engagedView struct {
	Start        metav1.Time         `json:"start"`
	End          metav1.Time         `json:"end"`
	Namespace    string              `json:"namespace"`
	Pool         string              `json:"pool"`
	WorkerType   v1alpha1.WorkerType `json:"workerType,omitempty"`
	Jurisdiction string              `json:"jurisdiction,omitempty"`
	Supplier     string              `json:"supplier,omitempty"`
	Budget       v1alpha1.Money      `json:"budget"`
}

// views of what is the same for every worker that a case is judged with.
type views struct {
	// determined is the engagement with the facts of its classification, and undetermined without: facts count only as determined.
	determined, undetermined engagementView
	pool                     *poolView
	checklist                checklistView
}

func (c *Case) newViews() *views {
	eng := c.Engagement
	status := engagementStatusView{Phase: eng.Status.Phase, Attestations: c.standing()}
	without := eng.Spec
	without.Classification.Facts = nil
	v := &views{
		determined:   engagementView{metadataOf(&eng.ObjectMeta), &eng.Spec, status},
		undetermined: engagementView{metadataOf(&eng.ObjectMeta), &without, status},
		checklist:    checklistView{v1alpha1.ChecklistSpec{Steps: c.Checklist}},
	}
	if c.Pool != nil {
		v.pool = &poolView{metadataOf(&c.Pool.ObjectMeta), &c.Pool.Spec}
	}
	return v
}

// standing are the statements that count.
func (c *Case) standing() []v1alpha1.AttestationRecord {
	for i := range c.Statements {
		if c.Statements[i].Ignored == "" {
			continue
		}
		var counted []v1alpha1.AttestationRecord
		for j := range c.Statements {
			if c.Statements[j].Ignored == "" {
				counted = append(counted, c.Statements[j])
			}
		}
		return counted
	}
	return c.Statements
}

func metadataOf(m *metav1.ObjectMeta) metadataView {
	return metadataView{m.Name, m.Namespace, m.Labels, m.Annotations, m.CreationTimestamp}
}

// variables of one rule at one moment.
type variables struct {
	now        moment
	engagement *engagementView
	worker     *workerView
	pool       *poolView
	checklist  *checklistView
	tenure     *tenureView
	schema     *schema
}

// at is the same at another moment, with a watch of its own.
func (v *variables) at(t time.Time) (*variables, *watch) {
	w := &watch{}
	later := *v
	later.now = moment{t, 1, w}
	return &later, w
}

var _ interpreter.Activation = &variables{}

// ResolveName implements interpreter.Activation.
func (v *variables) ResolveName(name string) (any, bool) {
	switch {
	case name == varNow:
		return v.now, true
	case name == varEngagement:
		return v.value(v.engagement), true
	case name == varChecklist:
		return v.value(v.checklist), true
	case name == varWorker && v.worker != nil:
		return v.value(v.worker), true
	case name == varPool && v.pool != nil:
		return v.value(v.pool), true
	case name == varTenure && v.tenure != nil:
		return v.value(v.tenure), true
	}
	return nil, false
}

func (v *variables) value(view any) ref.Val { return v.schema.NativeToValue(view) }

// Parent implements interpreter.Activation.
func (*variables) Parent() interpreter.Activation { return nil }
