// Command metricsdocs writes the reference of metrics, events and conditions into docs/reference. Run it from the root of the repository.
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/longshore-dev/longshore/controllers/metrics"
)

const (
	folder     = "docs/reference"
	conditions = "api/v1alpha1/conditions.go"
)

func main() {
	if err := generate(); err != nil {
		fmt.Fprintln(os.Stderr, "generating the reference of metrics, events and conditions:", err)
		os.Exit(1)
	}
}

func generate() error {
	source, err := os.ReadFile(conditions)
	if err != nil {
		return fmt.Errorf("reading the conditions: %w", err)
	}
	groups, err := readGroups(source)
	if err != nil {
		return fmt.Errorf("reading %s: %w", conditions, err)
	}
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return fmt.Errorf("making a folder: %w", err)
	}
	for name, page := range map[string]string{
		"metrics.md":    metricsPage(metrics.Definitions(), metrics.Events()),
		"conditions.md": conditionsPage(groups),
	} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte(page), 0o644); err != nil {
			return fmt.Errorf("writing %s: %w", path, err)
		}
	}
	return nil
}

// table writes rows in Markdown.
func table(head []string, rows [][]string) string {
	var b strings.Builder
	line := func(cells []string) {
		b.WriteString("|")
		for _, cell := range cells {
			b.WriteString(" " + strings.ReplaceAll(cell, "|", `\|`) + " |")
		}
		b.WriteString("\n")
	}
	line(head)
	b.WriteString(strings.Repeat("|---", len(head)) + "|\n")
	for _, row := range rows {
		line(row)
	}
	return b.String()
}

func code(s string) string { return "`" + s + "`" }
