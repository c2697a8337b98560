package postgres

import (
	"context"
	"crypto/rand"
	"fmt"
)

// What there is to be granted.
const (
	// SampleDatabase is one that nobody may connect to unless allowed by name.
	SampleDatabase = "payroll"
	// SampleRole may read SampleTable, and nobody else may.
	SampleRole = "readers"
	// SampleTable is in MaintenanceDatabase.
	SampleTable = "ledger"
)

// Operator is the role that Longshore connects as.
const Operator = "longshore"

// operatorSetup is what a database administrator runs, once the role is there, before Longshore can do its work. The ADMIN OPTION lists what
// may be handed out.
var operatorSetup = []string{
	`GRANT pg_signal_backend TO longshore`,
	`CREATE ROLE readers NOLOGIN`,
	`CREATE TABLE ledger AS SELECT 'paid' AS entry`,
	`GRANT SELECT ON ledger TO readers`,
	`GRANT readers TO longshore WITH ADMIN OPTION`,
	`CREATE DATABASE payroll OWNER longshore`,
	`REVOKE CONNECT ON DATABASE payroll FROM PUBLIC`,
}

// SetUpOperator makes the role that Longshore connects as, which is no superuser, and what there is to be granted. It returns the role's
// password.
func (s *Server) SetUpOperator(ctx context.Context) (password string, err error) {
	conn, err := s.Connect(ctx, MaintenanceDatabase)
	if err != nil {
		return "", err
	}
	defer conn.Close(ctx)
	// Of letters and digits alone.
	password = rand.Text()
	create := `CREATE ROLE longshore LOGIN CREATEROLE NOSUPERUSER PASSWORD '` + password + `'`
	for _, statement := range append([]string{create}, operatorSetup...) {
		if _, err := conn.Exec(ctx, statement); err != nil {
			return "", fmt.Errorf("setting up the operator's role: %w", err)
		}
	}
	return password, nil
}
