package cluster

import (
	"bytes"
	"fmt"
	"os"
	"strings"
)

// logTailLines is how much of each program's log a failed start quotes: the cause is among the last lines.
const logTailLines = 15

// logTails returns the end of each program's log, for the error of a start that failed.
func (c *Cluster) logTails() string {
	var tails strings.Builder
	for _, program := range programs {
		content, err := os.ReadFile(c.logFile(program))
		if err != nil || len(content) == 0 {
			continue
		}
		lines := bytes.Split(bytes.TrimSpace(content), []byte("\n"))
		lines = lines[max(0, len(lines)-logTailLines):]
		fmt.Fprintf(&tails, "\n--- the end of %s's log:\n%s", program, bytes.Join(lines, []byte("\n")))
	}
	return tails.String()
}
