package main

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// The comments at the heads of the kustomizations.
const (
	parametersComment = `The parameters of the guard rails, one ConfigMap for each, read by the ValidatingAdmissionPolicies and by Kyverno. Override entries
with a patch (docs/guides/policy-engines.md).`
	admissionComment = `The guard rails as ValidatingAdmissionPolicies: nothing else is needed. They stand beside config/admission and replace none of it.`
	kyvernoComment   = `The guard rails as ValidatingPolicies of Kyverno.`
	templatesComment = `The guard rails for Gatekeeper: the templates, which come first. The kinds of ../constraints exist once Gatekeeper has read these.`

	constraintsComment = `The guard rails for Gatekeeper: the constraints, with their parameters. They come after ../templates. Override parameters with a patch
(docs/guides/policy-engines.md).`
	conftestComment = `The parameters of the guard rails for Conftest: conftest test --policy config/policies/conftest/policy --data <this folder, or your own>.`
)

// comments is what stands at the head of a rule's file.
func (r rule) comments(folder string) string {
	switch folder {
	case "parameters":
		return "The parameters of " + r.policy() + "."
	case "gatekeeper/constraints":
		return "The parameters of " + r.policy() + ", and where it is in force."
	default:
		return r.comment
	}
}

// The parts of a ValidatingAdmissionPolicy.
type (
	admissionPolicySpec struct {
		FailurePolicy    string           `yaml:"failurePolicy"`
		ParamKind        paramKind        `yaml:"paramKind"`
		MatchConstraints matchConstraints `yaml:"matchConstraints"`
		Variables        []variable       `yaml:"variables"`
		Validations      []validation     `yaml:"validations"`
	}
	paramKind struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string `yaml:"kind"`
	}
	admissionBindingSpec struct {
		PolicyName        string           `yaml:"policyName"`
		ParamRef          paramRef         `yaml:"paramRef"`
		MatchResources    matchConstraints `yaml:"matchResources"`
		ValidationActions []string         `yaml:"validationActions,flow"`
	}
	paramRef struct {
		Name                    string `yaml:"name"`
		Namespace               string `yaml:"namespace"`
		ParameterNotFoundAction string `yaml:"parameterNotFoundAction"`
	}
)

const admissionRegistration = "admissionregistration.k8s.io/v1"

func (r rule) admissionPolicy() document {
	v := r.validation()
	v.Reason = "Forbidden"
	return document{APIVersion: admissionRegistration, Kind: "ValidatingAdmissionPolicy", Metadata: named(r.policy()), Spec: admissionPolicySpec{
		FailurePolicy:    "Fail",
		ParamKind:        paramKind{"v1", "ConfigMap"},
		MatchConstraints: engagements("CREATE", "UPDATE"),
		Variables:        r.fromEntries("params.?data.orValue({})"),
		Validations:      []validation{v},
	}}
}

// onUpdate is what the name of the binding for updates ends in.
const onUpdate = "-on-update"

// admissionBindings are two: without its parameters a policy lets nothing be created. But what is there can be changed
// then, above all ended.
func (r rule) admissionBindings() []any {
	return []any{
		r.admissionBinding(r.policy(), engagements("CREATE"), "Deny"),
		r.admissionBinding(r.policy()+onUpdate, engagements("UPDATE"), "Allow"),
	}
}

func (r rule) admissionBinding(name string, match matchConstraints, withoutParameters string) document {
	return document{APIVersion: admissionRegistration, Kind: "ValidatingAdmissionPolicyBinding", Metadata: named(name), Spec: admissionBindingSpec{
		PolicyName:        r.policy(),
		ParamRef:          paramRef{Name: r.policy(), Namespace: home, ParameterNotFoundAction: withoutParameters},
		MatchResources:    match,
		ValidationActions: []string{"Deny"},
	}}
}

// fromEntries is the whole judgement, with the entries of the ConfigMap given by an expression.
func (r rule) fromEntries(entries cel) []variable {
	variables := append([]variable{}, subject...)
	variables = append(variables, variable{"parameters", entries})
	variables = append(variables, r.fromConfigMap...)
	return append(variables, r.judgement()...)
}

func (r rule) kyvernoPolicy() document {
	type (
		background struct {
			Enabled bool `yaml:"enabled"`
		}
		evaluation struct {
			Background background `yaml:"background"`
		}
		spec struct {
			ValidationActions []string         `yaml:"validationActions,flow"`
			FailurePolicy     string           `yaml:"failurePolicy"`
			Evaluation        evaluation       `yaml:"evaluation"`
			MatchConstraints  matchConstraints `yaml:"matchConstraints"`
			Variables         []variable       `yaml:"variables"`
			Validations       []validation     `yaml:"validations"`
		}
	)
	entries := cel("resource.Get('v1', 'configmaps', '" + home + "', '" + r.policy() + "').?data.orValue({})")
	return document{APIVersion: "policies.kyverno.io/v1", Kind: "ValidatingPolicy", Metadata: named(r.policy()), Spec: spec{
		ValidationActions: []string{"Deny"},
		FailurePolicy:     "Fail",
		Evaluation:        evaluation{background{true}},
		MatchConstraints:  engagements("CREATE", "UPDATE"),
		Variables:         r.fromEntries(entries),
		Validations:       []validation{r.validation()},
	}}
}

// The parts of a ConstraintTemplate.
type (
	templateSpec struct {
		CRD     any      `yaml:"crd"`
		Targets []target `yaml:"targets"`
	}
	target struct {
		Target string `yaml:"target"`
		Code   []code `yaml:"code"`
	}
	code struct {
		Engine string `yaml:"engine"`
		Source source `yaml:"source"`
	}
	source struct {
		FailurePolicy  string       `yaml:"failurePolicy"`
		MatchCondition []variable   `yaml:"matchCondition"`
		Variables      []variable   `yaml:"variables"`
		Validations    []validation `yaml:"validations"`
	}
)

func (r rule) constraintTemplate() document {
	properties, required := map[string]any{}, []string{}
	for _, p := range r.parameters {
		properties[p.name] = p.schema
		if !p.optional {
			required = append(required, p.name)
		}
	}
	variables := append([]variable{}, subject...)
	variables = append(variables, r.fromConstraint...)
	variables = append(variables, r.judgement()...)
	return document{APIVersion: "templates.gatekeeper.sh/v1", Kind: "ConstraintTemplate", Metadata: named(strings.ToLower(r.kind())), Spec: templateSpec{
		CRD: map[string]any{"spec": map[string]any{
			"names": map[string]any{"kind": r.kind()},
			"validation": map[string]any{"openAPIV3Schema": map[string]any{
				"type": "object", "required": required, "properties": properties,
			}},
		}},
		Targets: []target{{Target: "admission.k8s.gatekeeper.sh", Code: []code{{Engine: "K8sNativeValidation", Source: source{
			FailurePolicy: "Fail",
			// Gatekeeper can be told to look at deletions too, which nothing here is about.
			MatchCondition: []variable{{"not-a-deletion", "object != null"}},
			Variables:      variables,
			Validations:    []validation{r.validation()},
		}}}}},
	}}
}

func (r rule) constraint() document {
	type (
		kinds struct {
			APIGroups []string `yaml:"apiGroups,flow"`
			Kinds     []string `yaml:"kinds,flow"`
		}
		match struct {
			Kinds []kinds `yaml:"kinds"`
		}
		spec struct {
			EnforcementAction string     `yaml:"enforcementAction"`
			Match             match      `yaml:"match"`
			Parameters        *yaml.Node `yaml:"parameters"`
		}
	)
	return document{APIVersion: "constraints.gatekeeper.sh/v1beta1", Kind: r.kind(), Metadata: named(r.policy()), Spec: spec{
		EnforcementAction: "deny",
		Match:             match{[]kinds{{[]string{group}, []string{"Engagement"}}}},
		Parameters:        r.structured(),
	}}
}

// structured is the parameters with their defaults, in order.
func (r rule) structured() *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode}
	for _, p := range r.parameters {
		var value yaml.Node
		// Encoding strings, lists and maps of them cannot fail.
		_ = value.Encode(p.value)
		node.Content = append(node.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: p.name}, &value)
	}
	return node
}

func (r rule) configMap() document {
	data := &yaml.Node{Kind: yaml.MappingNode}
	above := ""
	for _, p := range r.parameters {
		if p.optional {
			above = "By namespace: " + p.comment
			continue
		}
		key := &yaml.Node{Kind: yaml.ScalarNode, Value: p.name, HeadComment: p.comment}
		data.Content = append(data.Content, key, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: p.entry})
	}
	if above != "" {
		data.Content[len(data.Content)-2].HeadComment += "\n" + above
	}
	meta := named(r.policy())
	meta.Namespace = home
	return document{APIVersion: "v1", Kind: "ConfigMap", Metadata: meta, Data: data}
}

// conftestData is the parameters of all rules, by name.
func conftestData() any {
	node := &yaml.Node{Kind: yaml.MappingNode}
	for _, r := range rules {
		node.Content = append(node.Content, &yaml.Node{Kind: yaml.ScalarNode, Value: r.policy()}, r.structured())
	}
	return map[string]*yaml.Node{"guardrails": node}
}
