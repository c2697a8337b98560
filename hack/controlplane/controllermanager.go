package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sort"
	"sync"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/sets"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/component-base/version/verflag"
	"k8s.io/klog/v2"
)

// options are the flags of the upstream kube-controller-manager that make sense for a control plane of one process
// each. Names and meanings are upstream's, so that a caller starts either program with the same command line.
type options struct {
	kubeconfig                   string
	controllers                  []string
	serviceAccountPrivateKeyFile string
	rootCAFile                   string
	useServiceAccountCredentials bool
	leaderElect                  bool
	securePort                   int
}

func (o *options) addFlags(flags *pflag.FlagSet) {
	flags.StringVar(&o.kubeconfig, "kubeconfig", "", "File with the API server's address and this program's credentials.")
	flags.StringSliceVar(&o.controllers, "controllers", []string{"*"}, "Controllers to run; '*' is all of them.")
	flags.StringVar(&o.serviceAccountPrivateKeyFile, "service-account-private-key-file", "",
		"PEM-encoded private key that signs the tokens of service account Secrets. Without it, no such tokens are made.")
	flags.StringVar(&o.rootCAFile, "root-ca-file", "", "PEM-encoded certificate authority that service account Secrets carry.")
	flags.BoolVar(&o.useServiceAccountCredentials, "use-service-account-credentials", true,
		"Run each controller as a service account of its own in kube-system. It must be true.")
	flags.BoolVar(&o.leaderElect, "leader-elect", false, "Elect a leader before starting. It must be false.")
	flags.IntVar(&o.securePort, "secure-port", 0, "Port to serve health and metrics at. It must be 0, which is: none.")
}

func (o *options) validate() error {
	switch {
	case o.kubeconfig == "":
		return errors.New("--kubeconfig is required")
	case !o.useServiceAccountCredentials:
		return errors.New("--use-service-account-credentials must be true: admission policies tell the controllers apart by it")
	case o.leaderElect:
		return errors.New("--leader-elect must be false: a local control plane has one instance")
	case o.securePort != 0:
		return errors.New("--secure-port must be 0: nothing is served")
	}
	known := sets.KeySet(constructors)
	for _, name := range o.controllers {
		if name != "*" && !known.Has(name) {
			return fmt.Errorf("--controllers: %q is not built in; there are %v", name, sets.List(known))
		}
	}
	return nil
}

// selected returns the names of the controllers to run, sorted.
func (o *options) selected() []string {
	var names []string
	for name := range constructors {
		if slices.Contains(o.controllers, "*") || slices.Contains(o.controllers, name) {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names
}

// newControllerManagerCommand is kube-controller-manager with the upstream controllers that a cluster without nodes
// has work for. Upstream's own command links every controller, and with them the volume plugins and cAdvisor: some 300
// packages more to compile.
func newControllerManagerCommand() *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:          "kube-controller-manager",
		Short:        "Runs the controllers of a cluster without nodes",
		Args:         cobra.NoArgs,
		SilenceUsage: true,
		RunE: func(*cobra.Command, []string) error {
			verflag.PrintAndExitIfRequested()
			if err := o.validate(); err != nil {
				return err
			}
			config, err := clientcmd.BuildConfigFromFlags("", o.kubeconfig)
			if err != nil {
				return fmt.Errorf("reading the kubeconfig %s: %w", o.kubeconfig, err)
			}
			return run(genericapiserver.SetupSignalContext(), config, o)
		},
	}
	o.addFlags(cmd.Flags())
	verflag.AddFlags(cmd.Flags())
	return cmd
}

// run builds the selected controllers, starts them and returns once ctx has ended and all of them have stopped.
func run(ctx context.Context, config *rest.Config, o *options) error {
	// The controllers watch deprecated APIs too; each watch would log a warning.
	rest.SetDefaultWarningHandler(rest.NoWarnings{})

	env, err := newEnvironment(config, o)
	if err != nil {
		return err
	}
	loops := map[string]func(context.Context){}
	for _, name := range o.selected() {
		loop, err := constructors[name](ctx, env)
		if err != nil {
			return fmt.Errorf("building %s: %w", name, err)
		}
		if loop == nil {
			continue
		}
		loops[name] = loop
	}

	env.startInformers(ctx)
	var running sync.WaitGroup
	for name, loop := range loops {
		fmt.Fprintf(os.Stderr, "starting %s\n", name)
		running.Go(func() { loop(klog.NewContext(ctx, klog.LoggerWithName(klog.FromContext(ctx), name))) })
	}
	running.Wait()
	return nil
}
