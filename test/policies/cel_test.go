package policies

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/version"
	"k8s.io/apiserver/pkg/cel/environment"

	"github.com/longshore-dev/longshore/test/policies/fixtures"
)

// expression is one variable, validation or match condition of a policy.
type expression struct {
	Name              string `json:"name"`
	Expression        string `json:"expression"`
	MessageExpression string `json:"messageExpression"`
}

// celGuard is the guard rails of Gatekeeper or Kyverno, compiled as these do it: by the CEL library of Kubernetes, with
// what the engine adds.
type celGuard struct {
	policies map[string]celPolicy
}

type celPolicy struct {
	conditions []cel.Program
	variables  []namedProgram
	expression cel.Program
	message    cel.Program
	// given are the variables that the engine gives.
	given map[string]any
}

type namedProgram struct {
	name    string
	program cel.Program
}

// oldest is the first Kubernetes that serves ValidatingAdmissionPolicy v1. The expressions, which all engines share, keep to
// what it knows.
var oldest = version.MajorMinor(1, 30)

// environmentOf is the CEL of the oldest Kubernetes, with the names that policies use.
func environmentOf(t *testing.T, options ...cel.EnvOption) *cel.Env {
	t.Helper()
	env, err := environment.MustBaseEnvSet(oldest).Env(environment.NewExpressions)
	if err == nil {
		for _, name := range []string{"object", "oldObject", "request", "variables"} {
			options = append(options, cel.Variable(name, cel.DynType))
		}
		env, err = env.Extend(options...)
	}
	if err != nil {
		t.Fatalf("making an environment for CEL: %v", err)
	}
	return env
}

// compileCEL compiles one policy.
func compileCEL(t *testing.T, env *cel.Env, conditions, variables []expression, validations []expression, given map[string]any) celPolicy {
	t.Helper()
	compile := func(text string) cel.Program {
		ast, issues := env.Compile(text)
		if issues.Err() != nil {
			t.Fatalf("compiling %s: %v", text, issues.Err())
		}
		program, err := env.Program(ast)
		if err != nil {
			t.Fatalf("compiling %s: %v", text, err)
		}
		return program
	}
	NewWithT(t).Expect(validations).To(HaveLen(1), "a policy is one validation")
	p := celPolicy{given: given, expression: compile(validations[0].Expression), message: compile(validations[0].MessageExpression)}
	for _, condition := range conditions {
		p.conditions = append(p.conditions, compile(condition.Expression))
	}
	for _, v := range variables {
		p.variables = append(p.variables, namedProgram{v.Name, compile(v.Expression)})
	}
	return p
}

// judge returns the message of a refusal; empty is none. oldObject is nil where something is created.
func (p celPolicy) judge(object, oldObject map[string]any) (string, error) {
	variables := map[string]any{}
	for name, value := range p.given {
		variables[name] = value
	}
	activation := map[string]any{"object": object, "oldObject": types.NullValue, "request": map[string]any{"operation": "CREATE"}, "variables": variables}
	if oldObject != nil {
		activation["oldObject"] = oldObject
		activation["request"] = map[string]any{"operation": "UPDATE"}
	}
	if object == nil {
		activation["object"] = types.NullValue
	}
	for _, condition := range p.conditions {
		matches, _, err := condition.Eval(activation)
		if err != nil {
			return "", fmt.Errorf("evaluating a match condition: %w", err)
		}
		if matches != types.True {
			return "", nil
		}
	}
	for _, v := range p.variables {
		value, _, err := v.program.Eval(activation)
		if err != nil {
			// The engines evaluate a variable where it is needed; only there its error counts.
			value = types.WrapErr(fmt.Errorf("evaluating %s: %w", v.name, err))
		}
		variables[v.name] = value
	}
	holds, _, err := p.expression.Eval(activation)
	switch {
	case err != nil:
		return "", fmt.Errorf("evaluating the validation: %w", err)
	case holds == types.True:
		return "", nil
	}
	said, _, err := p.message.Eval(activation)
	if err != nil {
		return "", fmt.Errorf("evaluating the message: %w", err)
	}
	message, ok := said.Value().(string)
	if !ok {
		return "", errors.New("the message is no text")
	}
	return message, nil
}

func (g celGuard) judge(t *testing.T, object *unstructured.Unstructured) map[string]string {
	t.Helper()
	return g.judgeUpdate(t, nil, object)
}

func (g celGuard) judgeUpdate(t *testing.T, old, object *unstructured.Unstructured) map[string]string {
	t.Helper()
	var before map[string]any
	if old != nil {
		before = old.Object
	}
	found := map[string]string{}
	for name, policy := range g.policies {
		message, err := policy.judge(object.Object, before)
		if err != nil {
			t.Fatalf("%s of %s: %v", name, object.GetName(), err)
		}
		if message != "" {
			found[name] = message
		}
	}
	return found
}

// convert reads a part of an object as a Go type.
func convert[T any](t *testing.T, object map[string]any, path ...string) T {
	t.Helper()
	var into T
	part, there, err := unstructured.NestedFieldNoCopy(object, path...)
	if err != nil || !there {
		t.Fatalf("reading %v of %v: %v", path, object["kind"], err)
	}
	if err := decodeInto(part, &into); err != nil {
		t.Fatalf("reading %v of %v: %v", path, object["kind"], err)
	}
	return into
}

// gatekeeper compiles the templates, with the parameters of the constraints that a kustomization renders. Gatekeeper gives
// them as variables.params.
func gatekeeper(t *testing.T, constraints string) celGuard {
	t.Helper()
	g := NewWithT(t)
	templates, err := plane.Objects(t.Context(), shipped+"/gatekeeper/templates")
	g.Expect(err).NotTo(HaveOccurred())
	byKind := map[string]map[string]any{}
	for _, template := range templates {
		kind := convert[string](t, template.Object, "spec", "crd", "spec", "names", "kind")
		targets := convert[[]struct {
			Code []struct {
				Engine string         `json:"engine"`
				Source map[string]any `json:"source"`
			} `json:"code"`
		}](t, template.Object, "spec", "targets")
		g.Expect(targets).To(HaveLen(1))
		g.Expect(targets[0].Code).To(HaveLen(1))
		g.Expect(targets[0].Code[0].Engine).To(Equal("K8sNativeValidation"))
		byKind[kind] = targets[0].Code[0].Source
	}
	objects, err := plane.Objects(t.Context(), constraints)
	g.Expect(err).NotTo(HaveOccurred())
	guard := celGuard{policies: map[string]celPolicy{}}
	env := environmentOf(t)
	for _, constraint := range objects {
		source := byKind[constraint.GetKind()]
		g.Expect(source).NotTo(BeNil(), "%s has a template", constraint.GetKind())
		guard.policies[constraint.GetName()] = compileCEL(t, env,
			convert[[]expression](t, source, "matchCondition"), convert[[]expression](t, source, "variables"), convert[[]expression](t, source, "validations"),
			map[string]any{"params": convert[map[string]any](t, constraint.Object, "spec", "parameters")})
	}
	g.Expect(guard.policies).To(HaveLen(len(fixtures.Policies)))
	return guard
}

// kyverno compiles the ValidatingPolicies that a kustomization renders. Of Kyverno's libraries they use resource.Get, which
// finds here the ConfigMaps beside them.
func kyverno(t *testing.T, folder string) celGuard {
	t.Helper()
	g := NewWithT(t)
	objects, err := plane.Objects(t.Context(), folder)
	g.Expect(err).NotTo(HaveOccurred())
	configMaps := map[string]any{}
	for _, object := range objects {
		if object.GetKind() == "ConfigMap" {
			configMaps[object.GetNamespace()+"/"+object.GetName()] = object.Object
		}
	}
	env := environmentOf(t, cel.Constant("resource", cel.StringType, types.String("resource")), cel.Function("Get",
		cel.MemberOverload("resource_get", []*cel.Type{cel.StringType, cel.StringType, cel.StringType, cel.StringType, cel.StringType}, cel.DynType,
			cel.FunctionBinding(func(args ...ref.Val) ref.Val {
				object, there := configMaps[fmt.Sprintf("%v/%v", args[3].Value(), args[4].Value())]
				if !there || args[1] != types.String("v1") || args[2] != types.String("configmaps") {
					return types.NewErr("not found")
				}
				return types.DefaultTypeAdapter.NativeToValue(object)
			}))))
	guard := celGuard{policies: map[string]celPolicy{}}
	for _, object := range objects {
		if object.GetKind() == "ValidatingPolicy" {
			guard.policies[object.GetName()] = compileCEL(t, env, nil,
				convert[[]expression](t, object.Object, "spec", "variables"), convert[[]expression](t, object.Object, "spec", "validations"), nil)
		}
	}
	g.Expect(guard.policies).To(HaveLen(len(fixtures.Policies)))
	return guard
}

func TestGatekeepersTemplatesJudgeEveryFixtureAsTheManifestSays(t *testing.T) {
	agree(t, gatekeeper(t, parameters+"/gatekeeper"))
}

func TestKyvernosPoliciesJudgeEveryFixtureAsTheManifestSays(t *testing.T) {
	agree(t, kyverno(t, parameters+"/kyverno"))
}

func TestGatekeepersTemplatesRefuseOfAnUpdateOnlyWhatItMakesWorse(t *testing.T) {
	agreeOnUpdates(t, gatekeeper(t, parameters+"/gatekeeper"))
}

func TestKyvernosPoliciesRefuseOfAnUpdateOnlyWhatItMakesWorse(t *testing.T) {
	agreeOnUpdates(t, kyverno(t, parameters+"/kyverno"))
}

func TestGatekeepersTemplatesPassTheSamplesByTheirDefaults(t *testing.T) {
	judgeSamples(t, gatekeeper(t, shipped+"/gatekeeper/constraints"))
}

func TestKyvernosPoliciesPassTheSamplesByTheirDefaults(t *testing.T) {
	judgeSamples(t, kyverno(t, shipped+"/kyverno"))
}

// What cannot be read counts only for what is created, or touched.
func TestWithoutParametersTheOtherEnginesStandInTheWayOfNoEnd(t *testing.T) {
	for engine, guard := range map[string]celGuard{
		"Gatekeeper": gatekeeper(t, parameters+"/gatekeeper").without(t, "params"),
		"Kyverno":    kyverno(t, parameters+"/kyverno").without(t, "parameters"),
	} {
		for _, policy := range fixtures.Policies {
			message, err := guard.policies[policy].judge(passing(t).Object, nil)
			if err == nil && message == "" {
				t.Errorf("%s: %s should let nothing be created without its parameters", engine, policy)
			}
		}
		ended := fixture(t, "everything-wrong")
		NewWithT(t).Expect(unstructured.SetNestedField(ended.Object, "BudgetCut", "spec", "termination", "reason")).To(Succeed())
		for name, policy := range guard.policies {
			if message, err := policy.judge(ended.Object, fixture(t, "everything-wrong").Object); err != nil || message != "" {
				t.Errorf("%s: %s should stand in the way of no end, though it has no parameters; it says %q, %v", engine, name, message, err)
			}
		}
	}
}

// A misspelt key is as good as none. Gatekeeper gives the parameters as they are written, and its own schema refuses the constraint before.
func TestAMisspeltParameterOfTheOtherEnginesRefusesWhatIsCreatedAndStandsInTheWayOfNoEnd(t *testing.T) {
	ended := fixture(t, "everything-wrong")
	NewWithT(t).Expect(unstructured.SetNestedField(ended.Object, "BudgetCut", "spec", "termination", "reason")).To(Succeed())
	for engine, guard := range map[string]celGuard{
		"Gatekeeper": gatekeeper(t, parameters+"/gatekeeper").without(t, "params"),
		"Kyverno":    kyverno(t, parameters+"/kyverno").without(t, "parameters"),
	} {
		for name, policy := range guard.policies {
			policy.given = map[string]any{"parameters": misspelt[name], "params": misspelt[name]}
			if message, err := policy.judge(passing(t).Object, nil); err == nil && message == "" {
				t.Errorf("%s: %s should let nothing be created by %v", engine, name, misspelt[name])
			}
			if message, err := policy.judge(ended.Object, fixture(t, "everything-wrong").Object); err != nil || message != "" {
				t.Errorf("%s: %s should stand in the way of no end by %v; it says %q, %v", engine, name, misspelt[name], message, err)
			}
		}
	}
}

// The API server refuses a constraint whose parameter is misspelt: the rightly spelt one is missing.
func TestTheSchemasOfTheConstraintsRequireWhatHasNoDefault(t *testing.T) {
	g := NewWithT(t)
	templates, err := plane.Objects(t.Context(), shipped+"/gatekeeper/templates")
	g.Expect(err).NotTo(HaveOccurred())
	required := map[string][]string{}
	for _, template := range templates {
		kind := convert[string](t, template.Object, "spec", "crd", "spec", "names", "kind")
		required[kind] = convert[[]string](t, template.Object, "spec", "crd", "spec", "validation", "openAPIV3Schema", "required")
	}
	g.Expect(required).To(Equal(map[string][]string{
		"LongshoreBudgetCap":          {"others"},
		"LongshoreForbiddenProfile":   {"everywhere"},
		"LongshoreMandatoryScorecard": {"longerThan", "workerTypes"},
		"LongshoreMaximumLength":      {"others"},
		"LongshoreRequiredIntake":     {"fields", "labels"},
	}))
}

// without takes the parameters away from every policy.
func (g celGuard) without(t *testing.T, variable string) celGuard {
	t.Helper()
	bare := celGuard{policies: map[string]celPolicy{}}
	for name, policy := range g.policies {
		policy.given = nil
		policy.variables = slices.DeleteFunc(slices.Clone(policy.variables), func(v namedProgram) bool { return v.name == variable })
		bare.policies[name] = policy
	}
	return bare
}

// Gatekeeper can be told to look at deletions, of which there is no new object.
func TestGatekeepersTemplatesLetADeletionAlone(t *testing.T) {
	guard := gatekeeper(t, parameters+"/gatekeeper")
	for name, policy := range guard.policies {
		message, err := policy.judge(nil, all[0].Object.Object)
		if err != nil || message != "" {
			t.Errorf("%s should say nothing of a deletion; it says %q, %v", name, message, err)
		}
	}
}
