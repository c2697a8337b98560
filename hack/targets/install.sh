#!/usr/bin/env bash
# install.sh installs what the tests of the target systems need and this machine lacks: OpenLDAP's slapd, PostgreSQL and
# Node.js from Debian's packages, and the SCIM server's modules from npm. Nothing that it installs is started or set to
# start: the tests run servers of their own, on loopback, in folders of their own. When all is there it does nothing.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

say() { printf 'target systems: %s\n' "$*" >&2; }

has() { command -v "$1" >/dev/null || compgen -G "$2" >/dev/null; }

missing=() packages=()
need() {
	missing+=("$1")
	packages+=("$2")
}
has slapd /usr/sbin/slapd || need "OpenLDAP (slapd)" slapd
has postgres '/usr/lib/postgresql/*/bin/postgres' || need "PostgreSQL (postgres)" postgresql
has node /usr/bin/node || need "Node.js (node)" nodejs
has npm /usr/bin/npm || need "npm" npm

# policy-rc.d is what Debian's packages ask before they start a service. A policy that is there already is the
# machine's own, and stays.
policy=/usr/sbin/policy-rc.d
forbid_services() {
	if [ -e "$policy" ]; then return; fi
	trap 'rm -f "$policy"' EXIT
	printf '#!/bin/sh\nexit 101\n' >"$policy"
	chmod +x "$policy"
}

apt() { DEBIAN_FRONTEND=noninteractive apt-get "$@"; }

install_packages() {
	forbid_services
	apt update -qq
	case " ${packages[*]} " in
	*" slapd "*) echo "slapd slapd/no_configuration boolean true" | debconf-set-selections ;;
	esac
	case " ${packages[*]} " in
	*" postgresql "*)
		# Without this the package makes a cluster of its own, which is started with the machine.
		apt install -y -qq --no-install-recommends postgresql-common
		sed -i 's/^#\? *create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
		;;
	esac
	apt install -y -qq --no-install-recommends "${packages[@]}"
	case " ${packages[*]} " in
	# Without a configuration it would not start either; where there is no unit of systemd there is nothing to disable.
	*" slapd "*) update-rc.d slapd disable 2>/dev/null || true ;;
	esac
}

if [ ${#missing[@]} -gt 0 ]; then
	for i in "${!missing[@]}"; do say "${missing[i]} is not installed; Debian's package is ${packages[i]}"; done
	if ! command -v apt-get >/dev/null; then
		say "there is no apt-get here: install them by the means of this system and run this again"
		exit 1
	fi
	if [ "$(id -u)" -ne 0 ]; then
		say "installing needs root: run apt-get install --no-install-recommends ${packages[*]} as root and run this again"
		exit 1
	fi
	install_packages >&2
	say "installed ${packages[*]}"
fi

# npm writes this file last, so it is older than the lock file, or missing, whenever there is something to do.
if [ ! -e scim/node_modules/.package-lock.json ] || [ scim/package-lock.json -nt scim/node_modules/.package-lock.json ]; then
	say "installing the SCIM server's modules"
	if ! (cd scim && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2); then
		say "npm ci in hack/targets/scim failed"
		exit 1
	fi
	# npm keeps the time of a file that it need not write again.
	touch scim/node_modules/.package-lock.json
fi
