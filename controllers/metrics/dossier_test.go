package metrics

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/index"
)

// dossiers is a cache with some sealed files in conflict. It answers no other question.
type dossiers struct {
	client.Reader
	conflicts int
	err       error
}

func (d dossiers) List(_ context.Context, list client.ObjectList, options ...client.ListOption) error {
	asked := (&client.ListOptions{}).ApplyOptions(options).FieldSelector
	if want := fields.OneTermEqualSelector(index.DossierByErasure, v1alpha1.ReasonRetentionConflict); asked == nil || asked.String() != want.String() {
		return fmt.Errorf("every sealed file is read, or others than %s: %v", want, asked)
	}
	if list, is := list.(*v1alpha1.DossierList); is {
		list.Items = make([]v1alpha1.Dossier, d.conflicts)
	}
	return d.err
}

func TestAScrapeCountsTheConflictsBetweenErasureAndRetention(t *testing.T) {
	const want = `
# HELP longshore_dossier_erasure_conflicts Sealed files whose erasure was asked for while a policy demands that they be kept, and nobody has decided.
# TYPE longshore_dossier_erasure_conflicts gauge
longshore_dossier_erasure_conflicts 3
`
	collector := dossierCollector{dossiers{conflicts: 3}}
	if err := testutil.CollectAndCompare(collector, strings.NewReader(want)); err != nil {
		t.Errorf("a scrape of three conflicts counts wrongly: %v", err)
	}
	if faults, err := testutil.CollectAndLint(collector); err != nil || len(faults) > 0 {
		t.Errorf("the metrics do not keep Prometheus' conventions: %v %v", faults, err)
	}
}

func TestAScrapeThatCannotReadTheDossiersSaysSo(t *testing.T) {
	err := testutil.CollectAndCompare(dossierCollector{dossiers{err: errors.New("the cache has not started")}}, strings.NewReader(""))
	if err == nil || !strings.Contains(err.Error(), "the cache has not started") {
		t.Errorf("a scrape without a cache gave %v, expected the cache's error", err)
	}
}
