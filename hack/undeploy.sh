#!/usr/bin/env bash
# undeploy.sh <kustomization> removes Longshore from the cluster that $KUBECTL points at, and nobody keeps access.
#
# The order matters. While the operator still runs, every engagement is deleted and every grant waited for, until each
# target has been read back as revoked. Then the objects that may carry finalizers go, which only the operator can
# take off. The Dossiers go with their CustomResourceDefinition, so they are saved first. Only then is the rest deleted.
# Whenever something does not finish, the script stops with the operator still running, and can be run again.
#
# Stop whatever applies engagements from Git first, or it brings them back. Deleting engagements that hold access needs
# the verb end on them.
#
#   TIMEOUT   how long each wait may take (10m)
#   DOSSIERS  where the Dossiers are saved (longshore-dossiers.json); an existing file is never overwritten
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

kustomization=$1
kubectl=${KUBECTL:-kubectl}
timeout=${TIMEOUT:-10m}
dossiers=${DOSSIERS:-longshore-dossiers.json}

served() {
	[[ -n $($kubectl get crd "$1.gig.longshore.dev" --ignore-not-found --output name) ]]
}

left() {
	$kubectl get "$1.gig.longshore.dev" --all-namespaces --ignore-not-found --output name | wc -l | tr -d ' '
}

# delete_all <plural>... deletes every object of the kinds and waits until their finalizers are off. Namespaced and
# cluster-scoped kinds cannot share one call.
delete_all() {
	local kind scope
	for kind in "$@"; do
		served "$kind" || continue
		scope=$($kubectl get crd "$kind.gig.longshore.dev" --output 'jsonpath={.spec.scope}')
		if [[ $scope == Namespaced ]]; then
			$kubectl delete "$kind.gig.longshore.dev" --all --all-namespaces --timeout "$timeout"
		else
			$kubectl delete "$kind.gig.longshore.dev" --all --timeout "$timeout"
		fi
	done
}

stop() {
	echo "undeploy: $1" >&2
	echo "undeploy: nothing else was removed and the operator still runs; run it again when that is mended." >&2
	exit 1
}

echo "undeploy: ending every engagement and waiting until its access is proven revoked (at most $timeout)"
delete_all engagements || stop "some engagements are not gone: kubectl get engagements -A says what each waits for."

if served accessgrants; then
	if (($(left accessgrants) > 0)); then
		$kubectl wait --for=delete accessgrants.gig.longshore.dev --all --all-namespaces --timeout "$timeout" || true
	fi
	# Asked again, because an engagement that was being deleted may have left a grant that the wait above never saw.
	if (($(left accessgrants) > 0)); then
		$kubectl get accessgrants.gig.longshore.dev --all-namespaces >&2
		stop "these grants owe a revocation. Repair the target, or declare an AccessProvider that is gone for good in its spec.decommissioned."
	fi
fi

echo "undeploy: removing what finalizers may hold while the operator can still take them off"
delete_all assignments checklists scorecards talentpools workers compliancepolicies accessprofiles accessproviders ||
	stop "some objects are not gone."

if served dossiers && (($(left dossiers) > 0)); then
	[[ ! -e $dossiers ]] || stop "$dossiers exists already and is not overwritten: name another file in DOSSIERS."
	$kubectl get dossiers.gig.longshore.dev --output json >"$dossiers"
	echo "undeploy: $(left dossiers) Dossiers saved in $dossiers; keep them as long as the law asks"
fi

echo "undeploy: removing $kustomization"
$kubectl delete --ignore-not-found --timeout "$timeout" --kustomize "$kustomization"
