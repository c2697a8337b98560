// Command explainscore recomputes a worker's score from the stored objects and prints its derivation line by line.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
)

// errDiffers is returned when what was recorded is not what was recomputed; the differences have been printed.
var errDiffers = errors.New("the recorded score is not confirmed")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "explainscore:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	var worker, pool string
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	overrides := &clientcmd.ConfigOverrides{}
	flags := flag.NewFlagSet("explainscore", flag.ContinueOnError)
	flags.StringVar(&worker, "worker", "", "whose score, the name of a Worker")
	flags.StringVar(&pool, "pool", "", "in which pool, the name of a TalentPool")
	flags.StringVar(&overrides.Context.Namespace, "namespace", "", "the worker's namespace (default: the kubeconfig's)")
	flags.StringVar(&rules.ExplicitPath, "kubeconfig", "", "the kubeconfig (default: as kubectl finds it, by KUBECONFIG or in the home folder)")
	flags.StringVar(&overrides.CurrentContext, "context", "", "the kubeconfig's context (default: the current one)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if worker == "" || pool == "" || flags.NArg() > 0 {
		return errors.New("say whose score in which pool: explainscore -namespace talent -worker ada -pool designers")
	}
	config := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides)
	namespace, _, err := config.Namespace()
	if err != nil {
		return fmt.Errorf("reading the kubeconfig: %w", err)
	}
	reader, err := connect(config)
	if err != nil {
		return err
	}
	return explain(ctx, reader, client.ObjectKey{Namespace: namespace, Name: worker}, pool, out)
}

func connect(config clientcmd.ClientConfig) (client.Reader, error) {
	rest, err := config.ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("reading the kubeconfig: %w", err)
	}
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("registering the API types: %w", err)
	}
	c, err := client.New(rest, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("connecting to the cluster: %w", err)
	}
	return c, nil
}
