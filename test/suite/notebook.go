package suite

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/runtime"
)

// Notebook notes events, one a line: <kind> <type> <reason>: <message>.
type Notebook struct {
	mu    sync.Mutex
	lines []string
	read  int
}

// Eventf notes an event.
func (n *Notebook) Eventf(regarding, _ runtime.Object, kind, reason, _, note string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	about := strings.TrimPrefix(fmt.Sprintf("%T", regarding), "*v1alpha1.")
	n.lines = append(n.lines, fmt.Sprintf("%s %s %s: %s", about, kind, reason, fmt.Sprintf(note, args...)))
}

// Read returns what was noted since it was last called.
func (n *Notebook) Read() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	lines := slices.Clone(n.lines[n.read:])
	n.read = len(n.lines)
	return lines
}

// All returns all that was noted.
func (n *Notebook) All() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.lines)
}
