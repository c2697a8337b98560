package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/longshore-dev/longshore/hack/cluster"
)

// stay sets up what the cases stand on, says how to use it, and waits for Ctrl-C.
func stay(ctx context.Context, s *stage, out *os.File) error {
	c := calendar{from: storyBegins, to: time.Now().Truncate(time.Second), day: wholeDay}
	if err := s.prepare(ctx, c, []storyCase{designer, featureTeam, supportFloor}); err != nil {
		return err
	}
	kubeconfig := filepath.Join(s.dir, "kubeconfig")
	if err := cluster.WriteKubeconfig(kubeconfig, s.cluster.RESTConfig()); err != nil {
		return err
	}
	look, err := s.outside.look()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, usage, s.relative(kubeconfig), kubeconfig, filepath.Dir(s.cluster.Kubectl()), look, s.operator.log)
	select {
	case <-ctx.Done():
		fmt.Fprintln(out, "\nending the operator and the control plane")
		return nil
	case <-s.operator.ended:
		return s.operator.failed()
	}
}

const usage = `
Longshore runs. %s is an administrator's access, on loopback only. In another terminal:

  export KUBECONFIG=%s
  export PATH="%s:$PATH"

  kubectl get longshore -A                     everything of Longshore's
  kubectl get tp -A -o wide                    the pools: members, what is pending, scores, utilisation
  kubectl get workers -A                       who is in the pools, how far their screening is, their tiers and scores
  kubectl apply --server-side --as mia -f config/samples/case-1-designer/5-engagement.yaml
  kubectl get eng -A                           what each engagement waits for, and for whom
  kubectl describe eng -n marketing spring-campaign-designer

--as is somebody of the samples: mia, dana, ben, tess, omar, rosa, ada, leo (case 1), lena, theo, rita, kofi, fay, bruno (case 2), cora, nils,
petra, wanda, tara, vera, ivo, agent-desk (case 3), or sam, who keeps the profiles and providers. Each may do what the RoleBindings in config/samples/*/1-platform.yaml say. The guides play the cases
by hand: docs/guides/one-designer.md, docs/guides/feature-team.md, docs/guides/support-floor.md. How people are chosen, scored and given work, with objects to
try: docs/guides/matching.md, docs/guides/scores.md, docs/guides/assignments.md.
%s
The operator's log is %s. Ctrl-C ends everything; its files stay in .cache/run until the next time.
`
