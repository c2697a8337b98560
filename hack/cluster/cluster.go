// Package cluster starts a real Kubernetes control plane on loopback for tests, benchmarks, the demo and `make run`.
package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"

	"github.com/longshore-dev/longshore/hack/process"
)

const (
	// startTimeout bounds how long each program may take to become healthy. A few seconds are usual; a machine that is
	// compiling on every core at the same time needs far longer.
	startTimeout = 3 * time.Minute
	// stopTimeout bounds how long each program may take to end before it is killed.
	stopTimeout = 30 * time.Second
)

// Options say what to start. The zero value is etcd and kube-apiserver with RBAC, in a temporary folder.
type Options struct {
	// ControllerManager starts kube-controller-manager too: the garbage collector, namespace deletion, service accounts,
	// aggregated ClusterRoles and the type checks of admission policies. Each controller acts as a service account of its
	// own in kube-system.
	ControllerManager bool
	// Audit records every write with its author, for AuditMark and AuditSince.
	Audit bool
	// Dir keeps etcd's data and the programs' logs from one start to the next. Ports, certificates and tokens are new at
	// every start. Empty means a temporary folder that Stop removes.
	Dir string
}

// Cluster is a running control plane. Its methods are safe for concurrent use.
type Cluster struct {
	assets string
	// runDir holds what belongs to this start alone: certificates, launchers and process ids. Stop removes it.
	runDir string
	// dataDir holds etcd's data and the logs; it is runDir unless Options.Dir is set.
	dataDir string

	servers  *envtest.ControlPlane
	admin    *rest.Config
	guardian *process.Guardian
	manager  *process.Process

	stop    sync.Once
	stopErr error
}

// Start starts a control plane and returns once it is healthy. Every program listens on a free port of loopback alone.
// The end of ctx ends the wait for health, and nothing once Start has returned: the control plane runs until Stop, or
// until the calling process ends, however it ends.
func Start(ctx context.Context, options Options) (*Cluster, error) {
	assets, err := findAssets()
	if err != nil {
		return nil, err
	}
	c := &Cluster{assets: assets}
	if err := c.start(ctx, options); err != nil {
		// The logs are quoted before Stop removes them.
		err = fmt.Errorf("starting the control plane: %w%s", err, c.logTails())
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

func (c *Cluster) start(ctx context.Context, options Options) error {
	var err error
	if c.runDir, err = os.MkdirTemp("", "longshore-cluster-"); err != nil {
		return fmt.Errorf("making a temporary folder: %w", err)
	}
	c.dataDir = c.runDir
	if options.Dir != "" {
		if c.dataDir, err = filepath.Abs(options.Dir); err != nil {
			return fmt.Errorf("finding %s: %w", options.Dir, err)
		}
	}
	for _, dir := range []string{c.certDir(), c.etcdDir()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("making a folder: %w", err)
		}
	}
	// The guardian is there before what it guards.
	if c.guardian, err = process.Guard(c.runDir); err != nil {
		return errors.Join(err, os.RemoveAll(c.runDir))
	}
	if err := c.startServers(ctx, options); err != nil {
		return err
	}
	if options.ControllerManager {
		return c.startControllerManager(ctx)
	}
	return nil
}

// startServers starts etcd and kube-apiserver.
func (c *Cluster) startServers(ctx context.Context, options Options) error {
	etcdLog, err := os.Create(c.logFile("etcd"))
	if err != nil {
		return fmt.Errorf("making etcd's log: %w", err)
	}
	defer etcdLog.Close()
	serverLog, err := os.Create(c.logFile(apiServer))
	if err != nil {
		return fmt.Errorf("making kube-apiserver's log: %w", err)
	}
	defer serverLog.Close()
	etcdPath, err := c.launcher("etcd")
	if err != nil {
		return err
	}
	serverPath, err := c.launcher(apiServer)
	if err != nil {
		return err
	}

	etcd := &envtest.Etcd{
		Path: etcdPath, DataDir: c.etcdDir(), Out: etcdLog, Err: etcdLog, StartTimeout: startTimeout, StopTimeout: stopTimeout,
	}
	// 2 GiB, the default, is less than a benchmark with 100,000 objects and their history may need.
	etcd.Configure().Set("quota-backend-bytes", "8589934592")
	server := &envtest.APIServer{
		Path: serverPath, CertDir: c.certDir(), Out: serverLog, Err: serverLog, StartTimeout: startTimeout, StopTimeout: stopTimeout,
	}
	// Without these the server looks for a network interface to advertise itself at, and a machine may have none.
	server.Configure().Set("advertise-address", "127.0.0.1").Set("endpoint-reconciler-type", "none")
	if options.Audit {
		if err := c.configureAudit(server); err != nil {
			return err
		}
	}

	c.servers = &envtest.ControlPlane{Etcd: etcd, APIServer: server, KubectlPath: c.Kubectl()}
	if err := c.awaitServers(ctx); err != nil {
		return err
	}
	admin, err := c.servers.AddUser(envtest.User{Name: "admin", Groups: []string{"system:masters"}}, &rest.Config{QPS: -1})
	if err != nil {
		return fmt.Errorf("making the administrator's certificate: %w", err)
	}
	c.admin = admin.Config()
	return c.awaitNamespaces(ctx)
}

// launcher is the path of a program that the guardian knows once it runs.
func (c *Cluster) launcher(program string) (string, error) {
	return c.guardian.Launcher(filepath.Join(c.assets, program))
}

// awaitServers starts c.servers. envtest knows no context: when ctx ends, what it waits for is killed.
func (c *Cluster) awaitServers(ctx context.Context) error {
	result := make(chan error, 1)
	go func() { result <- c.servers.Start() }()
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		err := c.guardian.Finish()
		return errors.Join(ctx.Err(), err, <-result)
	}
}

// awaitNamespaces waits for the namespaces that a server which is healthy may still be making.
func (c *Cluster) awaitNamespaces(ctx context.Context) error {
	admin, err := client.New(c.admin, client.Options{})
	if err != nil {
		return fmt.Errorf("building a client: %w", err)
	}
	for _, name := range []string{metav1.NamespaceDefault, metav1.NamespaceSystem} {
		err := wait.PollUntilContextTimeout(ctx, pollInterval, startTimeout, true, func(ctx context.Context) (bool, error) {
			err := admin.Get(ctx, client.ObjectKey{Name: name}, &corev1.Namespace{})
			return err == nil, client.IgnoreNotFound(err)
		})
		if err != nil {
			return fmt.Errorf("waiting for the namespace %s: %w", name, err)
		}
	}
	return nil
}

// Stop ends the programs, clients before the servers that they use, and removes what was temporary. Calling it again
// returns the same result.
func (c *Cluster) Stop() error {
	c.stop.Do(func() { c.stopErr = c.shutDown() })
	return c.stopErr
}

func (c *Cluster) shutDown() error {
	if c.guardian == nil {
		return nil
	}
	var errs []error
	if c.manager != nil {
		errs = append(errs, c.manager.Stop(syscall.SIGTERM, stopTimeout))
	}
	if c.servers != nil {
		errs = append(errs, c.servers.Stop())
	}
	if errors.Join(errs...) == nil {
		for _, program := range programs {
			errs = append(errs, c.guardian.Forget(program))
		}
	}
	// It kills what has not ended by now, such as a server whose start failed, and removes runDir.
	errs = append(errs, c.guardian.Finish())
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("stopping the control plane: %w", err)
	}
	return nil
}

func (c *Cluster) certDir() string            { return filepath.Join(c.runDir, "certs") }
func (c *Cluster) etcdDir() string            { return filepath.Join(c.dataDir, "etcd") }
func (c *Cluster) logFile(name string) string { return filepath.Join(c.dataDir, name+".log") }
