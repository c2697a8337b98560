package cluster

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

const (
	// assetsVariable is the convention of envtest and setup-envtest.
	assetsVariable = "KUBEBUILDER_ASSETS"
	// cacheVariable moves the build of hack/controlplane out of the repository; see its build.sh.
	cacheVariable = "LONGSHORE_CACHE"
)

const apiServer = "kube-apiserver"

// programs are what a control plane is made of; a folder counts only if it holds all of them.
var programs = []string{"etcd", apiServer, "kube-controller-manager", "kubectl"}

var errNoAssets = errors.New("no control plane is built; run: make control-plane")

// findAssets returns the folder that holds the programs: the one KUBEBUILDER_ASSETS names, or else the newest build of
// hack/controlplane.
func findAssets() (string, error) {
	if dir := os.Getenv(assetsVariable); dir != "" && holdsPrograms(dir) {
		return dir, nil
	}
	cache := os.Getenv(cacheVariable)
	if cache == "" {
		root, err := ModuleRoot()
		if err != nil {
			return "", fmt.Errorf("%w (%w)", errNoAssets, err)
		}
		cache = filepath.Join(root, ".cache")
	}
	builds, err := filepath.Glob(filepath.Join(cache, "controlplane", "*"))
	if err != nil {
		return "", fmt.Errorf("looking for a build in %s: %w", cache, err)
	}
	var newest string
	var newestTime time.Time
	for _, dir := range builds {
		info, err := os.Stat(dir)
		if err != nil || !info.ModTime().After(newestTime) || !holdsPrograms(dir) {
			continue
		}
		newest, newestTime = dir, info.ModTime()
	}
	if newest == "" {
		return "", errNoAssets
	}
	return newest, nil
}

func holdsPrograms(dir string) bool {
	for _, program := range programs {
		info, err := os.Stat(filepath.Join(dir, program))
		if err != nil || info.IsDir() || info.Mode().Perm()&0o111 == 0 {
			return false
		}
	}
	return true
}

// ModuleRoot returns the closest folder above the working directory that has a go.mod, which is where tests and
// `go run` are started from.
func ModuleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", fmt.Errorf("finding the working directory: %w", err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod in the working directory or above it")
		}
		dir = parent
	}
}
