package reading

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/hack/cluster"
)

// HealthCode is what Argo CD shows a resource as.
type HealthCode string

// What Longshore's scripts answer.
const (
	Healthy     HealthCode = "Healthy"
	Progressing HealthCode = "Progressing"
	Degraded    HealthCode = "Degraded"
	Suspended   HealthCode = "Suspended"
)

// Health is a script's answer.
type Health struct {
	Status  HealthCode `json:"status"`
	Message string     `json:"message,omitempty"`
}

// Argo is Argo CD with Longshore's customizations.
type Argo struct {
	dir     string
	scripts map[string]*lua.FunctionProto
}

// OpenArgo reads the customizations that ship.
func OpenArgo() (*Argo, error) {
	root, err := cluster.ModuleRoot()
	if err != nil {
		return nil, err
	}
	return &Argo{dir: filepath.Join(root, "config", "gitops", "argocd", "resource_customizations", v1alpha1.GroupVersion.Group), scripts: map[string]*lua.FunctionProto{}}, nil
}

// Dir is the folder of the customizations of a kind.
func (a *Argo) Dir(kind string) string { return filepath.Join(a.dir, kind) }

// Kinds are those that have customizations.
func (a *Argo) Kinds() ([]string, error) {
	entries, err := os.ReadDir(a.dir)
	if err != nil {
		return nil, fmt.Errorf("listing the customizations for Argo CD: %w", err)
	}
	kinds := make([]string, 0, len(entries))
	for _, entry := range entries {
		kinds = append(kinds, entry.Name())
	}
	return kinds, nil
}

// script is not safe for use by several goroutines at once.
func (a *Argo) script(kind string, path ...string) (*lua.FunctionProto, error) {
	file := filepath.Join(append([]string{a.Dir(kind)}, path...)...)
	if script, known := a.scripts[file]; known {
		return script, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading a script for Argo CD: %w", err)
	}
	script, err := compile(string(text), filepath.Join(append([]string{kind}, path...)...))
	if err != nil {
		return nil, err
	}
	a.scripts[file] = script
	return script, nil
}

// Health runs the health script of an object's kind over it.
func (a *Argo) Health(object *unstructured.Unstructured) (Health, error) {
	script, err := a.script(object.GetKind(), "health.lua")
	if err != nil {
		return Health{}, err
	}
	value, err := run(script, object.Object, time.Time{})
	if err != nil {
		return Health{}, fmt.Errorf("health of %s: %w", object.GetKind(), err)
	}
	table, is := value.(*lua.LTable)
	if !is {
		return Health{}, fmt.Errorf("the health of %s is a %s and not a table", object.GetKind(), value.Type())
	}
	answer := Health{Status: HealthCode(table.RawGetString("status").String()), Message: table.RawGetString("message").String()}
	switch answer.Status {
	case Healthy, Progressing, Degraded, Suspended:
		return answer, nil
	default:
		return answer, fmt.Errorf("the health of %s is %q, which Argo CD does not know", object.GetKind(), answer.Status)
	}
}

// Actions are the actions that are offered on an object, and whether each is disabled.
func (a *Argo) Actions(object *unstructured.Unstructured) (map[string]bool, error) {
	script, err := a.script(object.GetKind(), "actions", "discovery.lua")
	if err != nil {
		return nil, err
	}
	value, err := run(script, object.Object, time.Time{})
	if err != nil {
		return nil, fmt.Errorf("actions of %s: %w", object.GetKind(), err)
	}
	offered, is := decode(value, map[string]any{}).(map[string]any)
	if !is {
		return nil, fmt.Errorf("the actions of %s are a %s and not a table", object.GetKind(), value.Type())
	}
	disabled := map[string]bool{}
	for name, action := range offered {
		fields, is := action.(map[string]any)
		if !is {
			return nil, fmt.Errorf("the action %s of %s is no table", name, object.GetKind())
		}
		disabled[name] = fields["disabled"] == true
	}
	return disabled, nil
}

// Act runs an action on an object at a moment and returns what it makes of it; Argo CD sends the difference as a merge patch.
func (a *Argo) Act(object *unstructured.Unstructured, action string, now time.Time) (*unstructured.Unstructured, error) {
	script, err := a.script(object.GetKind(), "actions", action, "action.lua")
	if err != nil {
		return nil, err
	}
	value, err := run(script, object.Object, now)
	if err != nil {
		return nil, fmt.Errorf("action %s of %s: %w", action, object.GetKind(), err)
	}
	changed, is := decode(value, object.Object).(map[string]any)
	if !is {
		return nil, fmt.Errorf("the action %s of %s returns a %s and not the object", action, object.GetKind(), value.Type())
	}
	return &unstructured.Unstructured{Object: changed}, nil
}
