package cluster

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"k8s.io/apimachinery/pkg/util/uuid"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
)

// auditPolicy records each write once, when it has been answered, and the request by which AuditMark finds its place.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  verbs: [create, update, patch, delete, deletecollection]
- level: Metadata
  nonResourceURLs: [` + auditMarkPath + `]
- level: None
`

const auditMarkPath = "/livez/ping"

// AuditEvent is one write as the API server saw it, whether it changed anything or was refused.
type AuditEvent struct {
	// Time is when the request arrived.
	Time time.Time
	// User is who the server took the author for: the impersonated user, where there is one.
	User string
	// Verb is create, update, patch, delete or deletecollection.
	Verb string
	// APIGroup, Resource and Subresource say what was written to, such as "", "pods" and "status".
	APIGroup, Resource, Subresource string
	// Namespace and Name are the object's; Name is empty where the server chose it.
	Namespace, Name string
	// Code is the HTTP status of the answer.
	Code int
	// DryRun is true of a create, update or patch that asked for nothing to be stored. A deletion asks in its body, which
	// is not recorded.
	DryRun bool
}

func (e AuditEvent) String() string {
	resource := e.Resource
	if e.APIGroup != "" {
		resource += "." + e.APIGroup
	}
	if e.Subresource != "" {
		resource += "/" + e.Subresource
	}
	return fmt.Sprintf("%s %s %s %s/%s: %d", e.User, e.Verb, resource, e.Namespace, e.Name, e.Code)
}

// AuditMark is a place in the audit log.
type AuditMark int64

// AuditMark returns the place in the audit log after all writes that have been answered by now.
func (c *Cluster) AuditMark(ctx context.Context) (AuditMark, error) {
	_, mark, err := c.auditUntilNow(ctx, 0)
	return mark, err
}

// AuditSince returns the writes that have been answered since mark, in the order of their answers. The zero mark is the
// start of the cluster.
func (c *Cluster) AuditSince(ctx context.Context, mark AuditMark) ([]AuditEvent, error) {
	events, _, err := c.auditUntilNow(ctx, mark)
	return events, err
}

// CountBy counts events by a key, such as their user, their verb or their String.
func CountBy(events []AuditEvent, key func(AuditEvent) string) map[string]int {
	counts := map[string]int{}
	for _, event := range events {
		counts[key(event)]++
	}
	return counts
}

func (c *Cluster) auditLog() string { return filepath.Join(c.runDir, "audit.log") }

func (c *Cluster) configureAudit(server *envtest.APIServer) error {
	policy := filepath.Join(c.runDir, "audit-policy.yaml")
	if err := os.WriteFile(policy, []byte(auditPolicy), 0o600); err != nil {
		return fmt.Errorf("writing the audit policy: %w", err)
	}
	server.Configure().
		Set("audit-policy-file", policy).
		Set("audit-log-path", c.auditLog()).
		// Marks are offsets into one file; by default it is rotated at 100 MB.
		Set("audit-log-maxsize", "102400")
	return nil
}

// auditUntilNow makes a request that is recorded, and reads from mark until its record is found.
func (c *Cluster) auditUntilNow(ctx context.Context, mark AuditMark) ([]AuditEvent, AuditMark, error) {
	clients, err := kubernetes.NewForConfig(c.admin)
	if err != nil {
		return nil, 0, fmt.Errorf("building a client: %w", err)
	}
	id := string(uuid.NewUUID())
	if err := clients.RESTClient().Get().AbsPath(auditMarkPath).Param("mark", id).Do(ctx).Error(); err != nil {
		return nil, 0, fmt.Errorf("marking the audit log: %w", err)
	}
	var events []AuditEvent
	err = wait.PollUntilContextCancel(ctx, 10*time.Millisecond, true, func(context.Context) (bool, error) {
		read, next, found, err := readAudit(c.auditLog(), mark, id)
		events, mark = append(events, read...), next
		return found, err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("reading the audit log: %w", err)
	}
	return events, mark, nil
}

// readAudit reads the whole lines of the audit log from mark, up to the record of the request with the id, and returns
// the place it got to.
func readAudit(path string, mark AuditMark, id string) (events []AuditEvent, next AuditMark, found bool, err error) {
	log, err := os.Open(path)
	if err != nil {
		return nil, mark, false, err
	}
	defer log.Close()
	if _, err := log.Seek(int64(mark), io.SeekStart); err != nil {
		return nil, mark, false, err
	}
	next = mark
	for lines := bufio.NewReader(log); ; {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			// The server may be in the middle of writing the last line.
			return events, next, false, nil
		}
		if err != nil {
			return nil, mark, false, err
		}
		next += AuditMark(len(line))
		if bytes.Contains(line, []byte(id)) {
			return events, next, true, nil
		}
		var record auditRecord
		if err := json.Unmarshal(line, &record); err != nil {
			return nil, mark, false, fmt.Errorf("a line that is no event: %w", err)
		}
		if record.ObjectRef != nil {
			events = append(events, record.event())
		}
	}
}

// auditRecord has the fields of an audit.k8s.io/v1 Event that are used here.
type auditRecord struct {
	RequestURI       string       `json:"requestURI"`
	Verb             string       `json:"verb"`
	User             auditUser    `json:"user"`
	ImpersonatedUser *auditUser   `json:"impersonatedUser"`
	ObjectRef        *auditObject `json:"objectRef"`
	ResponseStatus   struct {
		Code int `json:"code"`
	} `json:"responseStatus"`
	Received time.Time `json:"requestReceivedTimestamp"`
}

type auditUser struct {
	Username string `json:"username"`
}

type auditObject struct {
	APIGroup    string `json:"apiGroup"`
	Resource    string `json:"resource"`
	Subresource string `json:"subresource"`
	Namespace   string `json:"namespace"`
	Name        string `json:"name"`
}

func (r auditRecord) event() AuditEvent {
	user := r.User
	if r.ImpersonatedUser != nil {
		user = *r.ImpersonatedUser
	}
	dryRun := false
	if uri, err := url.ParseRequestURI(r.RequestURI); err == nil {
		dryRun = uri.Query().Has("dryRun")
	}
	return AuditEvent{
		Time: r.Received, User: user.Username, Verb: r.Verb,
		APIGroup: r.ObjectRef.APIGroup, Resource: r.ObjectRef.Resource, Subresource: r.ObjectRef.Subresource,
		Namespace: r.ObjectRef.Namespace, Name: r.ObjectRef.Name,
		Code: r.ResponseStatus.Code, DryRun: dryRun,
	}
}
