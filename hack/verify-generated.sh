#!/usr/bin/env bash
# verify-generated.sh <make target> <output>... fails when running the target would change the outputs.
#
# It generates in a scratch copy of the checkout and compares, so the checkout is never touched: a failed verify leaves
# nothing to clean up, and fresh output passes whether or not it is committed yet. Outputs are removed from the copy
# first; a file that is no longer generated shows as a difference. One that the generator itself is built with is written
# with a + before it, and stays until it is overwritten.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target=$1
shift

scratch=.cache/verify/$target
rm -rf "$scratch"
mkdir -p "$scratch"
# A file deleted from the checkout but not yet from the index is listed too, and tar would stop at it.
git ls-files --cached --others --exclude-standard -z |
	while IFS= read -r -d '' file; do
		if [[ -e $file ]]; then printf '%s\0' "$file"; fi
	done |
	tar --null -T - -cf - |
	tar -xf - -C "$scratch"

for output in "$@"; do
	[[ $output == +* ]] || rm -rf "${scratch:?}/$output"
done

if ! log=$(make -C "$scratch" --no-print-directory LOCALBIN="$PWD/bin" "$target" 2>&1); then
	printf '%s\n%s\n' "$log" "make $target fails: mend what it names above" >&2
	exit 1
fi

for output in "${@#+}"; do
	if ! diff -ruN "$output" "$scratch/$output"; then
		echo "$output is not what the code generates: run make $target and commit the result" >&2
		exit 1
	fi
done
rm -rf "$scratch"
