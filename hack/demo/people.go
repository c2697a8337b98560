package main

import (
	"context"
	"fmt"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/hack/cluster"
)

// people are clients, one for each person: the API server knows them by their username alone, and they may do what the
// RoleBindings of the samples say.
type people struct {
	cluster *cluster.Cluster
	scheme  *runtime.Scheme
	mapper  meta.RESTMapper
	known   map[string]client.Client
}

func newPeople(s *stage) *people {
	return &people{cluster: s.cluster, scheme: s.admin.Scheme(), mapper: s.admin.RESTMapper(), known: map[string]client.Client{}}
}

func (p *people) as(user string) (client.Client, error) {
	if c, found := p.known[user]; found {
		return c, nil
	}
	c, err := client.New(p.cluster.As(user), client.Options{Scheme: p.scheme, Mapper: p.mapper})
	if err != nil {
		return nil, fmt.Errorf("building a client for %s: %w", user, err)
	}
	p.known[user] = c
	return c, nil
}

// roster says who holds which ClusterRole in which namespace.
type roster map[string]map[string][]string

// readRoster reads the roster off the RoleBindings: the demo has no list of people of its own.
func readRoster(ctx context.Context, reader client.Reader) (roster, error) {
	var bindings rbacv1.RoleBindingList
	if err := reader.List(ctx, &bindings); err != nil {
		return nil, fmt.Errorf("reading who holds which role: %w", err)
	}
	r := roster{}
	for _, b := range bindings.Items {
		if r[b.Namespace] == nil {
			r[b.Namespace] = map[string][]string{}
		}
		for _, s := range b.Subjects {
			if s.Kind == rbacv1.UserKind {
				r[b.Namespace][b.RoleRef.Name] = append(r[b.Namespace][b.RoleRef.Name], s.Name)
			}
		}
	}
	return r, nil
}

// holder is the first who holds the role there and is none of the others.
func (r roster) holder(namespace, role string, others ...string) string {
	for _, user := range r[namespace][role] {
		if !slices.Contains(others, user) {
			return user
		}
	}
	return ""
}
