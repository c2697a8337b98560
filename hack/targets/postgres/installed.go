package postgres

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
)

// Installed says what is missing where no server can be started.
func Installed() error {
	_, noServer := findBin()
	_, noOwner := findOwner()
	return errors.Join(noServer, noOwner)
}

// installed is where Debian puts every version of PostgreSQL.
const installed = "/usr/lib/postgresql"

// findBin finds the newest version that is installed.
func findBin() (string, error) {
	servers, err := filepath.Glob(filepath.Join(installed, "*", "bin", "postgres"))
	if err != nil || len(servers) == 0 {
		return "", fmt.Errorf("PostgreSQL is not installed below %s: run hack/targets/install.sh", installed)
	}
	newest := slices.MaxFunc(servers, func(a, b string) int { return version(a) - version(b) })
	return filepath.Dir(newest), nil
}

// version is the number of the folder that a server is in.
func version(server string) int {
	number, err := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(server))))
	if err != nil {
		return 0
	}
	return number
}

// owner is the user that the server runs as; nil is whoever starts it. The server refuses to run as root.
type owner struct{ uid, gid uint32 }

func findOwner() (*owner, error) {
	if os.Geteuid() != 0 {
		return nil, nil //nolint:nilnil // No other user is meant.
	}
	found, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root, and its own user is missing: run hack/targets/install.sh: %w", err)
	}
	uid, err := strconv.ParseUint(found.Uid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("reading the id of user postgres: %w", err)
	}
	gid, err := strconv.ParseUint(found.Gid, 10, 32)
	if err != nil {
		return nil, fmt.Errorf("reading the group of user postgres: %w", err)
	}
	return &owner{uid: uint32(uid), gid: uint32(gid)}, nil
}

func (o *owner) give(paths ...string) error {
	if o == nil {
		return nil
	}
	for _, path := range paths {
		if err := os.Chown(path, int(o.uid), int(o.gid)); err != nil {
			return fmt.Errorf("giving %s to the user that PostgreSQL runs as: %w", path, err)
		}
	}
	return nil
}

// attributes start a program as the owner.
func (o *owner) attributes() *syscall.SysProcAttr {
	if o == nil {
		return &syscall.SysProcAttr{}
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: o.uid, Gid: o.gid}}
}
