package reading

import (
	"testing"
	"time"

	. "github.com/onsi/gomega"
)

// A script that works here has to work there: what Argo CD does not open is not there.
func TestTheSandboxHasOnlyWhatArgoCDOpens(t *testing.T) {
	for name, c := range map[string]struct{ script, refused string }{
		"tables":              {`local t = {3, 1}; table.sort(t); return t`, ""},
		"the clock":           {`local os = require("os"); return {at = os.date("!%Y-%m-%dT%H:%M:%SZ")}`, ""},
		"strings":             {`return string.format("%d", 1)`, "attempt to index a non-table object(nil) with key 'format'"},
		"methods of strings":  {`return ("a"):upper()`, "attempt to index a non-table object(string)"},
		"mathematics":         {`return math.floor(1.5)`, "attempt to index a non-table object(nil) with key 'floor'"},
		"files":               {`return io.open("/etc/passwd")`, "attempt to index a non-table object(nil) with key 'open'"},
		"the rest of os":      {`return require("os").execute("true")`, "attempt to call a non-function object"},
		"os without require":  {`return os.date()`, "attempt to index a non-table object(nil)"},
		"code from elsewhere": {`return dofile("/etc/passwd")`, "attempt to call a non-function object"},
		"nothing":             {`local a = 1`, "returns nothing"},
		"for ever":            {`while true do end`, "context deadline exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			g := NewWithT(t)
			script, err := compile(c.script, name)
			g.Expect(err).NotTo(HaveOccurred())
			_, err = run(script, map[string]any{"kind": "Engagement"}, time.Date(2027, 3, 1, 9, 0, 0, 0, time.UTC))
			if c.refused == "" {
				g.Expect(err).NotTo(HaveOccurred())
				return
			}
			g.Expect(err).To(MatchError(ContainSubstring(c.refused)))
		})
	}
}
