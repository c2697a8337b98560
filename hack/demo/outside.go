package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/hack/targets/certs"
	"github.com/longshore-dev/longshore/hack/targets/slapd"
)

// outside are the target systems of the second case that are not in the cluster. What is not installed is nil, and the case
// is played without it.
type outside struct {
	directory *directory
	database  *database
	// dir is for what the systems leave, and what a person needs to look into them.
	dir string
}

// outsidePlan says which systems there will be.
type outsidePlan struct{ directory, database bool }

// planOutside says in one line what becomes of the systems, given why a server cannot be started.
func planOutside(wanted bool, noDirectory, noDatabase error) (plan outsidePlan, line string) {
	if !wanted {
		return plan, "leaving out the directory and the database outside the cluster, as -outside=false asks for"
	}
	var starting, missing []string
	note := func(name string, absent error) bool {
		if absent != nil {
			missing = append(missing, name)
			return false
		}
		starting = append(starting, name)
		return true
	}
	plan.directory = note("OpenLDAP (the directory)", noDirectory)
	plan.database = note("PostgreSQL (the staging database)", noDatabase)
	if len(starting) > 0 {
		line = "starting " + strings.Join(starting, " and ") + " outside the cluster"
	}
	if len(missing) > 0 {
		verb := "is"
		if len(missing) > 1 {
			verb = "are"
		}
		missed := fmt.Sprintf("%s %s not installed, so the play goes without (hack/targets/install.sh installs what is missing)", strings.Join(missing, " and "), verb)
		line = strings.TrimPrefix(line+"; "+missed, "; ")
	}
	return plan, line
}

// startOutside starts the systems as their administrators would, and gives the cluster what Longshore needs to reach them.
func (s *stage) startOutside(ctx context.Context, plan outsidePlan) error {
	s.outside.dir = filepath.Join(s.dir, "outside")
	// The data of an earlier run would be found again, the passwords would not.
	if err := os.RemoveAll(s.outside.dir); err != nil {
		return fmt.Errorf("removing what an earlier run left: %w", err)
	}
	if !plan.directory && !plan.database {
		return nil
	}
	if err := s.startServers(ctx, plan); err != nil {
		return fmt.Errorf("%w\n(-outside=false plays without them)", err)
	}
	return nil
}

func (s *stage) startServers(ctx context.Context, plan outsidePlan) error {
	if err := os.MkdirAll(s.outside.dir, 0o700); err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	authority, err := certs.NewAuthority()
	if err != nil {
		return err
	}
	if err := os.WriteFile(s.outside.file("ca.crt"), authority.PEM, 0o600); err != nil {
		return fmt.Errorf("storing the authority's certificate: %w", err)
	}
	keys := []client.Object{&corev1.ConfigMap{ObjectMeta: ours("internal-ca"), Data: map[string]string{v1alpha1.CABundleKey: string(authority.PEM)}}}
	if plan.directory {
		if s.outside.directory, err = startDirectory(ctx, s.outside.file("directory"), authority); err != nil {
			return err
		}
		keys = append(keys, &corev1.Secret{ObjectMeta: ours("directory-credentials"), Data: s.outside.directory.server.Credentials()})
	}
	if plan.database {
		if s.outside.database, err = startDatabase(ctx, authority); err != nil {
			return err
		}
		keys = append(keys, &corev1.Secret{ObjectMeta: ours("staging-database-credentials"), Data: s.outside.database.credentials})
	}
	for _, key := range keys {
		if err := s.admin.Create(ctx, key); err != nil {
			return fmt.Errorf("storing %s: %w", key.GetName(), err)
		}
	}
	return nil
}

// ours is an object in the operator's namespace.
func ours(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: operatorNamespace, Name: name}
}

// stop ends the systems.
func (o *outside) stop() error {
	var errs []error
	if o.directory != nil {
		o.directory.server.Stop()
		o.directory = nil
	}
	if o.database != nil {
		errs = append(errs, o.database.stop())
		o.database = nil
	}
	return errors.Join(errs...)
}

// manifests connect the systems that are there.
func (o *outside) manifests() []manifest {
	var connecting []manifest
	if o.directory != nil || o.database != nil {
		connecting = append(connecting, outsidePlatform)
	}
	if o.directory != nil {
		connecting = append(connecting, outsideDirectory)
	}
	if o.database != nil {
		connecting = append(connecting, outsideDatabase)
	}
	return connecting
}

// connect puts the addresses of this run in the place of those of the samples.
func (o *outside) connect(text []byte) []byte {
	var addresses []string
	if o.directory != nil {
		addresses = append(addresses, "ldaps://ldap.example.com", o.directory.server.Endpoint())
	}
	if o.database != nil {
		addresses = append(addresses, "postgres://staging-db.example.com", o.database.server.Endpoint())
	}
	return []byte(strings.NewReplacer(addresses...).Replace(string(text)))
}

// hire gives everybody the account in the directory that the pool knows them by. Personnel does that, not Longshore.
func (o *outside) hire(ctx context.Context, reader client.Reader) error {
	if o.directory == nil {
		return nil
	}
	var workers v1alpha1.WorkerList
	if err := reader.List(ctx, &workers); err != nil {
		return fmt.Errorf("reading who needs an account in the directory: %w", err)
	}
	for i := range workers.Items {
		for _, identity := range workers.Items[i].Spec.Identities {
			if identity.Provider != directoryProvider {
				continue
			}
			if _, err := o.directory.server.AddPerson(ctx, identity.Subject); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o *outside) file(name string) string { return filepath.Join(o.dir, name) }

// look says how a person looks into the systems, and leaves the passwords for it where only this user reads them.
func (o *outside) look() (string, error) {
	var say strings.Builder
	if d := o.directory; d != nil {
		reader := d.server.ReaderCredentials()
		password := o.file("reader.password")
		if err := os.WriteFile(password, reader[v1alpha1.CredentialPassword], 0o600); err != nil {
			return "", fmt.Errorf("storing a password: %w", err)
		}
		fmt.Fprintf(&say, lookDirectory, o.file("ca.crt"), d.server.Endpoint(), reader[v1alpha1.CredentialUsername], password, slapd.Groups, directoryGroup)
	}
	if d := o.database; d != nil {
		host, port, err := net.SplitHostPort(d.server.Address())
		if err != nil {
			return "", fmt.Errorf("reading the database's address: %w", err)
		}
		passwords := o.file("pgpass")
		line := fmt.Sprintf("%s:%s:*:%s:%s\n", host, port, administratorRole, d.administrator)
		if err := os.WriteFile(passwords, []byte(line), 0o600); err != nil {
			return "", fmt.Errorf("storing a password: %w", err)
		}
		fmt.Fprintf(&say, lookDatabase, o.file("ca.crt"), passwords, host, port, administratorRole, stagingDatabase)
	}
	return say.String(), nil
}

const (
	lookDirectory = `
The team's directory, outside the cluster: who is in the group of developers?

  export LDAPTLS_CACERT=%s directory=%s
  ldapsearch -LLL -x -H "$directory" -D %s -y %s -b %s cn=%s member
`
	lookDatabase = `
The team's staging database, outside the cluster: who may log in, and until when?

  export PGSSLMODE=verify-full PGSSLROOTCERT=%s PGPASSFILE=%s host=%s port=%s
  psql -h "$host" -p "$port" -U %s -c '\du' %s
`
)
