// Package docs tests the books: what they point at is there.
package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const root = ".."

// books are README.md and everything written below docs.
func books(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	add := func(path string) error {
		text, err := os.ReadFile(path)
		found[path] = string(text)
		return err
	}
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".md" {
			return err
		}
		return add(path)
	})
	if err == nil {
		err = add(filepath.Join(root, "README.md"))
	}
	if err != nil {
		t.Fatalf("reading the books: %v", err)
	}
	return found
}

var (
	code    = regexp.MustCompile("`[^`\n]*`")
	link    = regexp.MustCompile(`\]\(([^()\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ (.*)$`)
	unslug  = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// prose is a text without its blocks of code.
func prose(text string) string {
	var b strings.Builder
	inCode := false
	for line := range strings.Lines(text) {
		fence := strings.HasPrefix(strings.TrimSpace(line), "```")
		if !fence && !inCode {
			b.WriteString(line)
		}
		inCode = inCode != fence
	}
	return b.String()
}

// slug is the anchor of a heading, as GitHub makes it.
func slug(title string) string {
	return strings.ReplaceAll(unslug.ReplaceAllString(strings.ToLower(title), ""), " ", "-")
}

func anchors(text string) map[string]bool {
	found := map[string]bool{}
	for _, match := range heading.FindAllStringSubmatch(prose(text), -1) {
		found[slug(match[1])] = true
	}
	return found
}

func TestEveryLinkLeadsSomewhere(t *testing.T) {
	all := books(t)
	headings := map[string]map[string]bool{}
	for book, text := range all {
		headings[book] = anchors(text)
	}
	for book, text := range all {
		for _, match := range link.FindAllStringSubmatch(code.ReplaceAllString(prose(text), ""), -1) {
			target, anchor, _ := strings.Cut(match[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			path := book
			if target != "" {
				path = filepath.Join(filepath.Dir(book), target)
			}
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s links to %s, which is not there", book, match[1])
				continue
			}
			if there, is := headings[path]; is && anchor != "" && !there[anchor] {
				t.Errorf("%s links to %s, and the page has no such heading", book, match[1])
			}
		}
	}
}

func TestEveryTestThatTheBooksNameExists(t *testing.T) {
	exists := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func ((?:Test|Fuzz)\w+)\(`)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && strings.HasPrefix(d.Name(), ".") && path != root {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		source, err := os.ReadFile(path)
		for _, match := range declared.FindAllStringSubmatch(string(source), -1) {
			exists[match[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatalf("reading the tests: %v", err)
	}
	named := regexp.MustCompile("`((?:Test|Fuzz)[A-Z]\\w+)`")
	for book, text := range books(t) {
		for _, match := range named.FindAllStringSubmatch(text, -1) {
			if !exists[match[1]] {
				t.Errorf("%s names the test %s, which does not exist", book, match[1])
			}
		}
	}
}

func TestEveryMakeTargetThatTheBooksNameExists(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatalf("reading the Makefile: %v", err)
	}
	exists := map[string]bool{}
	for _, match := range regexp.MustCompile(`(?m)^([a-z-]+):`).FindAllStringSubmatch(string(makefile), -1) {
		exists[match[1]] = true
	}
	named := regexp.MustCompile("(?m)(?:`|^\\s*|\\$ |\\()make (?:-s )?([a-z-]+)")
	for book, text := range books(t) {
		for _, match := range named.FindAllStringSubmatch(text, -1) {
			if !exists[match[1]] {
				t.Errorf("%s names make %s, which the Makefile does not have", book, match[1])
			}
		}
	}
}

func TestTheShortestYAMLOfTheREADMEIsTheSample(t *testing.T) {
	readme := books(t)[filepath.Join(root, "README.md")]
	sample, err := os.ReadFile(filepath.Join(root, "config", "samples", "minimal", "engagement.yaml"))
	if err != nil {
		t.Fatalf("reading the sample: %v", err)
	}
	_, objects, _ := strings.Cut(string(sample), "#   kubectl get engagements\n")
	if objects == "" || !strings.Contains(readme, "```yaml\n"+objects+"```") {
		t.Errorf("expected README.md to show config/samples/minimal/engagement.yaml as it is:\n%s", objects)
	}
}
