package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	v1alpha1 "github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/domain/scoring"
)

// reader reads one object.
type reader interface {
	Get(ctx context.Context, key client.ObjectKey, into client.Object, opts ...client.GetOption) error
}

// explain prints how the worker's score in the pool comes about. It fails if that is not what was recorded.
func explain(ctx context.Context, from reader, key client.ObjectKey, pool string, out io.Writer) error {
	worker := &v1alpha1.Worker{}
	if err := from.Get(ctx, key, worker); err != nil {
		return fmt.Errorf("reading Worker %s: %w", key, err)
	}
	objects, err := read(ctx, from, worker, pool)
	if err != nil {
		return err
	}
	explanation, err := scoring.Explain(worker, pool, func(work v1alpha1.RatedWork) scoring.Objects { return objects[work.UID] })
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintln(out, strings.Join(explanation.Lines, "\n")); err != nil {
		return fmt.Errorf("printing: %w", err)
	}
	if len(explanation.Differences) > 0 {
		return errDiffers
	}
	return nil
}

// read what the evaluations in the worker's ledger came from, as far as it still exists. An object that may not be read is not one that is gone: that fails.
func read(ctx context.Context, from reader, worker *v1alpha1.Worker, pool string) (map[types.UID]scoring.Objects, error) {
	found := map[types.UID]scoring.Objects{}
	for _, membership := range worker.Status.Pools {
		if membership.Name != pool || membership.Score == nil {
			continue
		}
		for _, work := range membership.Score.Evaluations {
			namespace, name, whole := strings.Cut(work.Engagement, "/")
			if !whole {
				return nil, fmt.Errorf("evaluation %s is recorded of engagement %q, which is not namespace/name", work.Name, work.Engagement)
			}
			o, err := readObjects(ctx, from, namespace, name, work.Name)
			if err != nil {
				return nil, err
			}
			found[work.UID] = o
		}
	}
	return found, nil
}

func readObjects(ctx context.Context, from reader, namespace, engagement, evaluation string) (o scoring.Objects, err error) {
	if o.Engagement, err = get(ctx, from, namespace, engagement, &v1alpha1.Engagement{}); err != nil {
		return o, err
	}
	if o.Evaluation, err = get(ctx, from, namespace, evaluation, &v1alpha1.Evaluation{}); err != nil || o.Evaluation == nil {
		return o, err
	}
	o.Scorecard, err = get(ctx, from, namespace, o.Evaluation.Spec.ScorecardRef.Name, &v1alpha1.Scorecard{})
	return o, err
}

// get one object, nil if it is not there.
func get[T client.Object](ctx context.Context, from reader, namespace, name string, into T) (T, error) {
	var none T
	err := from.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, into)
	switch {
	case apierrors.IsNotFound(err):
		return none, nil
	case err != nil:
		return none, fmt.Errorf("reading %T %s/%s: %w", into, namespace, name, err)
	default:
		return into, nil
	}
}
