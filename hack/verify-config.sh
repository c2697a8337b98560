#!/usr/bin/env bash
# verify-config.sh builds every kustomization under config/ with $KUSTOMIZE and fails, naming it, on the first that does
# not build.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

while IFS= read -r file; do
	folder=$(dirname "$file")
	if ! log=$("$KUSTOMIZE" build "$folder" 2>&1 >/dev/null); then
		printf '%s\n%s\n' "$log" "kustomize build $folder fails: mend what it names above" >&2
		exit 1
	fi
done < <(find config -name kustomization.yaml | sort)
