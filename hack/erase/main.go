// Command erase finds the sealed files that hold what is personal of somebody, shows what stands against erasing it, and asks for it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/utils/clock"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// defaultPatience is how long the operator is given to answer.
const defaultPatience = 30 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "erase:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	e := &eraser{out: out, clock: clock.RealClock{}}
	var decision string
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	overrides := &clientcmd.ConfigOverrides{}
	flags := flag.NewFlagSet("erase", flag.ContinueOnError)
	flags.StringVar(&e.person, "person", "", "whom to look for: a personKey, or another name by which sealed files know somebody")
	flags.StringVar(&e.request.Reason, "reason", "", "why, without personal data: for example the number of the request")
	flags.StringVar(&decision, "decision", "", "where a policy demands to keep a file: Erase or Keep (default: show the conflict)")
	flags.BoolVar(&e.apply, "apply", false, "ask for it; without this the files are only shown")
	flags.DurationVar(&e.patience, "wait", defaultPatience, "how long to wait for the operator's answer")
	flags.StringVar(&rules.ExplicitPath, "kubeconfig", "", "the kubeconfig (default: as kubectl finds it, by KUBECONFIG or in the home folder)")
	flags.StringVar(&overrides.AuthInfo.Impersonate, "as", "", "the user to act as, like kubectl --as; you need the right to impersonate them (default: the kubeconfig's user)")
	flags.StringVar(&overrides.CurrentContext, "context", "", "the kubeconfig's context (default: the current one)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	e.request.Decision = v1alpha1.ErasureDecision(decision)
	switch {
	case e.person == "" || e.request.Reason == "" || flags.NArg() > 0:
		return errors.New("say whom and why: erase -person p-4711 -reason 'request 17'")
	case decision != "" && e.request.Decision != v1alpha1.ErasureErase && e.request.Decision != v1alpha1.ErasureKeep:
		return fmt.Errorf("the decision is %s or %s, not %q", v1alpha1.ErasureErase, v1alpha1.ErasureKeep, decision)
	}
	var err error
	if e.api, err = connect(clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides)); err != nil {
		return err
	}
	return e.run(ctx)
}

func connect(config clientcmd.ClientConfig) (client.Client, error) {
	rest, err := config.ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("registering the API types: %w", err)
		}
	}
	c, err := client.New(rest, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("connecting to the cluster: %w", err)
	}
	return c, nil
}
