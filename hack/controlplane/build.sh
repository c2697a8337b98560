#!/usr/bin/env bash
# Builds the local control plane (etcd, kube-apiserver, kube-controller-manager, kubectl) from its Go modules, once, and
# prints the folder that holds the four programs on stdout. Everything else goes to stderr.
#
#   LONGSHORE_CACHE      where to keep the build, to share it between clones; default: .cache at the root of the repository
#   KUBEBUILDER_ASSETS   a folder that holds all four programs already; it is used and nothing is built
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
cache=${LONGSHORE_CACHE:-$root/.cache}
programs="etcd kube-apiserver kube-controller-manager kubectl"
# Seconds between two lines of progress where there is no terminal: often enough that no CI system thinks the job hung.
quiet=20

say() { printf 'control plane: %s\n' "$*" >&2; }

holds_all() {
  local program
  for program in $programs; do
    [ -x "$1/$program" ] || return 1
  done
}

duration() {
  if [ "$1" -lt 60 ]; then printf '%d s' "$1"; else printf '%d min %02d s' $(($1 / 60)) $(($1 % 60)); fi
}

if [ -n "${KUBEBUILDER_ASSETS:-}" ]; then
  if holds_all "$KUBEBUILDER_ASSETS"; then
    printf '%s\n' "$KUBEBUILDER_ASSETS"
    exit 0
  fi
  say "KUBEBUILDER_ASSETS does not hold all of: $programs; it is not used"
fi

cd "$here"
export CGO_ENABLED=0 GOWORK=off
hash=$({ cat go.mod go.sum ./*.go build.sh; go env GOOS GOARCH; } | git hash-object --stdin | cut -c1-16)
out=$cache/controlplane/$hash

finish() {
  # Whoever looks for the newest build must find this one, also after a switch back to an older revision.
  touch "$out"
  printf '%s\n' "$out"
  exit 0
}

if holds_all "$out"; then finish; fi
mkdir -p "$out"
printf '*\n' >"$cache/.gitignore"

# The lock only saves the second of two builds its work: the result is put in place by a rename, so where there is no
# flock (macOS) both build, and either result is whole.
if command -v flock >/dev/null; then
  exec 9>"$cache/controlplane/.lock"
  until flock -w "$quiet" 9; do say "waiting for a build that is under way in another process"; done
  if holds_all "$out"; then finish; fi
fi

log=$(mktemp)
new=$out/controlplane.$$
job=
cleanup() {
  if [ -n "$job" ]; then kill "$job" 2>/dev/null || true; fi
  rm -f "$log" "$log.stale" "$new"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# await RENDER waits for the background job $job, showing what the function RENDER prints, and returns its exit code.
await() {
  local code=0
  SECONDS=0
  while kill -0 "$job" 2>/dev/null; do
    if [ -t 2 ]; then
      printf '\r\033[Kcontrol plane: %s' "$("$1")" >&2
    elif [ "$SECONDS" -gt 0 ] && [ $((SECONDS % quiet)) -eq 0 ]; then
      say "$("$1")"
    fi
    sleep 1
  done
  if [ -t 2 ]; then printf '\r\033[K' >&2; fi
  wait "$job" || code=$?
  job=
  return "$code"
}

give_up() {
  { grep -v '^go: downloading ' "$log" || true; } | { grep -v '^[^#: ]*$' || true; } | tail -n 40 >&2
  say "$1; what has been fetched and compiled is kept, run it again once the cause is gone"
  exit 1
}

fetched() {
  printf 'fetched %d modules in %s' "$(grep -c '^go: downloading ' "$log" || true)" "$(duration "$SECONDS")"
}

compiled() {
  local count left=
  # A line of the log is the path of a package whose compilation has begun, or a message with a colon in it.
  count=$(grep -c '^[^#: ]*$' "$log" || true)
  if [ $((count + 1)) -ge "$total" ]; then
    left=", linking"
  elif [ "$SECONDS" -ge "$quiet" ] && [ $((count * 10)) -gt "$total" ]; then
    left=", about $(duration $((SECONDS * (total - count) / count))) left"
  fi
  printf 'compiled %d of %d packages in %s%s' "$count" "$total" "$(duration "$SECONDS")" "$left"
}

say "building Kubernetes and etcd from source, once; with empty caches this takes some five minutes on two cores and 3 GB"

version=$(go list -m -f '{{.Version}}' k8s.io/kubernetes 2>"$log") || give_up "reading go.mod failed"
IFS=. read -r major minor _ <<<"${version#v}"
# The linker strips the debug information, so the compiler need not write it.
flags=(-trimpath -buildvcs=false -gcflags=all=-dwarf=false -ldflags "-s -w
  -X k8s.io/component-base/version.gitVersion=$version
  -X k8s.io/component-base/version.gitMajor=$major
  -X k8s.io/component-base/version.gitMinor=$minor
  -X k8s.io/component-base/version.gitTreeState=clean
  -X k8s.io/client-go/pkg/version.gitVersion=$version")

go list "${flags[@]}" -deps -f '{{if .Stale}}{{.ImportPath}}{{end}}' . >"$log.stale" 2>"$log" 9>&- &
job=$!
await fetched || give_up "fetching modules failed"
total=$(grep -c . "$log.stale" || true)

go build -v "${flags[@]}" -o "$new" . 2>"$log" 9>&- &
job=$!
await compiled || give_up "the build failed"

mv -f "$new" "$out/controlplane"
for program in $programs; do
  ln -sf controlplane "$out/$program"
done
say "built $version in $(duration "$SECONDS")"
finish
