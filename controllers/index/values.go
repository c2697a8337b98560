package index

import (
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

func engagementPool(e *v1alpha1.Engagement) []string {
	return []string{Key(PoolNamespace(e), e.Spec.PoolRef.Name)}
}

func engagementWorkers(e *v1alpha1.Engagement) []string {
	var workers []string
	if w := e.Status.Worker; w != nil {
		// The pool that is named now may be another than the one of the worker who accepted.
		namespace := w.Namespace
		if namespace == "" {
			namespace = PoolNamespace(e)
		}
		workers = append(workers, Key(namespace, w.Name))
	}
	if ref := e.Spec.WorkerRef; ref != nil {
		workers = append(workers, Key(PoolNamespace(e), ref.Name))
	}
	if r := e.Status.Recruitment; r != nil && r.Offer != nil {
		workers = append(workers, Key(PoolNamespace(e), r.Offer.Worker))
	}
	return workers
}

func engagementPerson(e *v1alpha1.Engagement) []string {
	if e.Status.Worker == nil {
		return nil
	}
	return []string{e.Status.Worker.PersonKey}
}

func engagementChecklists(e *v1alpha1.Engagement) []string {
	var checklists []string
	if o := e.Spec.Onboarding; o != nil && o.ChecklistRef != nil {
		checklists = append(checklists, o.ChecklistRef.Name)
	}
	if o := e.Spec.Offboarding; o != nil && o.ChecklistRef != nil {
		checklists = append(checklists, o.ChecklistRef.Name)
	}
	return checklists
}

func engagementScorecards(e *v1alpha1.Engagement) []string {
	var scorecards []string
	if e.Spec.Evaluation != nil {
		scorecards = append(scorecards, e.Spec.Evaluation.ScorecardRef.Name)
	}
	for _, procedure := range []*v1alpha1.ProcedureStatus{e.Status.Onboarding, e.Status.Offboarding} {
		if procedure == nil {
			continue
		}
		for i := range procedure.Definition {
			if s := procedure.Definition[i].Scorecard; s != nil {
				scorecards = append(scorecards, s.Name)
			}
		}
	}
	return scorecards
}

func engagementProfiles(e *v1alpha1.Engagement) []string {
	profiles := profileNames(e.Spec.Access)
	if e.Status.Terms != nil {
		profiles = append(profiles, profileNames(e.Status.Terms.Access)...)
	}
	return profiles
}

func profileNames(requests []v1alpha1.AccessRequest) []string {
	var names []string
	for _, r := range requests {
		names = append(names, r.Name)
	}
	return names
}

func engagementJurisdictions(e *v1alpha1.Engagement) []string {
	if e.Status.Phase == v1alpha1.PhaseClosed {
		return nil
	}
	found := jurisdictions(e.Spec.Classification.Jurisdiction)
	if t := e.Status.Terms; t != nil {
		found = append(found, jurisdictions(t.Classification.Jurisdiction)...)
	}
	if w := e.Status.Worker; w != nil { // known also when the Worker object is gone
		found = append(found, jurisdictions(w.Jurisdiction)...)
	}
	return found
}

// jurisdictions are a jurisdiction and the country that it is part of: what is said of a country is said of its subdivisions.
func jurisdictions(code string) []string {
	country, _, _ := strings.Cut(code, "-")
	return []string{country, code}
}

func engagementPoolName(e *v1alpha1.Engagement) []string {
	if e.Status.Phase == v1alpha1.PhaseClosed {
		return nil
	}
	return []string{e.Spec.PoolRef.Name}
}

func engagementPredecessor(e *v1alpha1.Engagement) []string {
	switch {
	case e.Spec.Replaces != nil:
		return []string{e.Spec.Replaces.Name}
	case e.Spec.Continues != nil:
		return []string{e.Spec.Continues.Name}
	}
	return nil
}

func attestationSubject(a *v1alpha1.Attestation) []string {
	return []string{SubjectKey(a.Spec.SubjectRef.Kind, a.Spec.SubjectRef.Name)}
}

func evaluationEngagement(e *v1alpha1.Evaluation) []string {
	if e.Spec.EngagementRef == nil {
		return nil
	}
	return []string{e.Spec.EngagementRef.Name}
}

func grantEntitlements(g *v1alpha1.AccessGrant) []string {
	var entitlementKeys []string
	for i := range g.Status.Entitlements {
		entitlementKeys = append(entitlementKeys, g.Status.Entitlements[i].Key)
	}
	return entitlementKeys
}

func grantProviders(g *v1alpha1.AccessGrant) []string {
	var providers []string
	for i := range g.Status.Entitlements {
		providers = append(providers, g.Status.Entitlements[i].Provider)
	}
	return providers
}

func poolChecklist(p *v1alpha1.TalentPool) []string {
	if p.Spec.Screening == nil {
		return nil
	}
	return []string{p.Spec.Screening.ChecklistRef.Name}
}

func evaluationWorker(eval *v1alpha1.Evaluation) []string {
	if eval.Spec.WorkerRef == nil {
		return nil
	}
	return []string{eval.Spec.WorkerRef.Name}
}

func evaluationAssignment(eval *v1alpha1.Evaluation) []string {
	if eval.Spec.AssignmentRef == nil {
		return nil
	}
	return []string{eval.Spec.AssignmentRef.Name}
}

func assignmentPool(a *v1alpha1.Assignment) []string {
	namespace := a.Spec.PoolRef.Namespace
	if namespace == "" {
		namespace = a.Namespace
	}
	return []string{Key(namespace, a.Spec.PoolRef.Name)}
}

func assignmentEngagements(a *v1alpha1.Assignment) []string {
	engagements := []string{a.Status.Engagement}
	if a.Spec.EngagementRef != nil {
		engagements = append(engagements, a.Spec.EngagementRef.Name)
	}
	return engagements
}

func dossierErasure(d *v1alpha1.Dossier) []string {
	if d.Status == nil {
		return nil
	}
	erased := meta.FindStatusCondition(d.Status.Conditions, v1alpha1.ConditionErased)
	if erased == nil {
		return nil
	}
	return []string{erased.Reason}
}
