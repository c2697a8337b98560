// Longshore runs a company's gig workforce declaratively: it takes every Engagement from statement of work to proven revocation.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"os"
	"sync/atomic"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/clock"
	"k8s.io/utils/ptr"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/config"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/filters"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers"
	"github.com/longshore-dev/longshore/controllers/metrics"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "longshore:", err)
		os.Exit(1)
	}
}

func run() error {
	metricsAddress := flag.String("metrics-bind-address", ":8443", "Address of the metrics endpoint, served with TLS to callers who may get /metrics; 0 turns it off.")
	probeAddress := flag.String("health-probe-bind-address", ":8081", "Address of the probes /healthz and /readyz; 0 turns them off.")
	leaderElect := flag.Bool("leader-elect", false, "Work only while holding the lease, so that replicas can stand by.")
	leaseNamespace := flag.String("leader-election-namespace", "", "Namespace of the lease. Default: the one the operator runs in.")
	namespace := flag.String("namespace", "longshore-system", "Namespace that the operator runs in: the Secrets and ConfigMaps that AccessProviders refer to are in it.")
	logging := zap.Options{}
	logging.BindFlags(flag.CommandLine)
	flag.Parse()
	ctrl.SetLogger(zap.New(zap.UseFlagOptions(&logging)))

	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return fmt.Errorf("registering the API types: %w", err)
	}
	cacheOptions := cache.Options{DefaultTransform: cache.TransformStripManagedFields()}
	controllers.NarrowCache(&cacheOptions)
	mgr, err := ctrl.NewManager(ctrl.GetConfigOrDie(), ctrl.Options{
		Scheme:                        scheme,
		Cache:                         cacheOptions,
		Controller:                    config.Controller{EnableWarmup: ptr.To(true)},
		Metrics:                       metricsserver.Options{BindAddress: *metricsAddress, SecureServing: true, FilterProvider: filters.WithAuthenticationAndAuthorization},
		HealthProbeBindAddress:        *probeAddress,
		LeaderElection:                *leaderElect,
		LeaderElectionID:              "controller-manager.gig.longshore.dev",
		LeaderElectionNamespace:       *leaseNamespace,
		LeaderElectionReleaseOnCancel: true,
	})
	if err != nil {
		return fmt.Errorf("making the manager: %w", err)
	}
	ctx := ctrl.SetupSignalHandler()
	if err := controllers.SetupAll(ctx, mgr, clock.RealClock{}, *namespace); err != nil {
		return err
	}
	if err := errors.Join(metrics.RegisterEngagements(mgr.GetCache()), metrics.RegisterAccess(mgr.GetCache(), clock.RealClock{}), metrics.RegisterPools(mgr.GetCache()), metrics.RegisterAssignments(mgr.GetCache()), metrics.RegisterDossiers(mgr.GetCache()),
		metrics.RegisterCompliance(mgr.GetCache())); err != nil {
		return fmt.Errorf("registering metrics: %w", err)
	}
	if err := addProbes(mgr); err != nil {
		return err
	}
	return mgr.Start(ctx)
}

// addProbes makes the operator alive as soon as it serves, and ready once its caches are synced.
func addProbes(mgr ctrl.Manager) error {
	synced := &atomic.Bool{}
	ready := func(*http.Request) error {
		if !synced.Load() {
			return errors.New("the caches are not synced yet")
		}
		return nil
	}
	return errors.Join(
		mgr.Add(afterSync(func() { synced.Store(true) })),
		mgr.AddHealthzCheck("ping", healthz.Ping),
		mgr.AddReadyzCheck("caches", ready),
	)
}

// afterSync is called once the caches are synced, on every replica.
type afterSync func()

var _ manager.LeaderElectionRunnable = afterSync(nil)

// Start is called by the manager once its caches are synced.
func (f afterSync) Start(context.Context) error {
	f()
	return nil
}

// NeedLeaderElection says that a replica that stands by is ready too.
func (f afterSync) NeedLeaderElection() bool { return false }
