package expression

import (
	"strings"
	"testing"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/ext"
)

func TestWhatTheCostLimitDoesNotBoundIsRefused(t *testing.T) {
	env, err := cel.NewEnv(cel.Variable("l", cel.ListType(cel.StringType)), cel.Variable("m", cel.MapType(cel.StringType, cel.DynType)), ext.Strings())
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ reason, expression, refused string }{
		{"filter keeps what is there", "l.filter(x, x != '').size() == 1", ""},
		{"map makes single values", "l.map(x, x + x) == l && l.map(x, x != '', size(x)) == [1]", ""},
		{"map keeps what is there", "l.map(x, x) == l", ""},
		{"constants are as large as they are written", "l == ['a', 'b'] && {'a': [1]} == {'a': [1]}", ""},
		{"a macro within a macro", "l.map(x, size(l.filter(y, y == x))) == [1]", ""},
		{"map makes lists of lists", "[1].map(a, [a, a]) == [[1]]", "may hold constants only"},
		{"map copies a list", "l.map(x, l) == [['a']]", "map may make single values only, not list(string)"},
		{"map makes what nobody knows", "l.map(x, m.x) == [1]", "map may make single values only, not dyn"},
		{"filter's variable in another macro", "l.exists(x, [l].exists(y, y == l))", "may hold constants only"},
		{"a written map", "{'a': l} == m", "may hold constants only"},
		{"adding to a list by hand", "(l + [l[0]]).size() == 2", "may hold constants only"},
		{"replace", "l[0].replace('a', l[1]) == ''", "replace is not available"},
		{"join", "l.join(',') == ''", "join is not available"},
		{"format", "'%s'.format(['a']) == ''", "format is not available"},
		{"objects", "google.protobuf.Int64Value{value: 1} == 1", "objects cannot be written out"},
	} {
		checked, issues := env.Compile(tc.expression)
		if issues.Err() != nil {
			t.Errorf("%s should compile: %v", tc.expression, issues.Err())
			continue
		}
		err := RefuseMultiplying(checked.NativeRep())
		if tc.refused == "" && err != nil {
			t.Errorf("%s is refused (%v), though it is no larger than what it is made of: %s", tc.expression, err, tc.reason)
		}
		if tc.refused != "" && (err == nil || !strings.Contains(err.Error(), tc.refused)) {
			t.Errorf("%s gives %v, expected it to be refused with %q: %s", tc.expression, err, tc.refused, tc.reason)
		}
	}
}

func TestOnlyTheFirstLineOfAMessageIsKept(t *testing.T) {
	if got := OneLine("ERROR: <input>:1:1: undeclared reference\n | x\n | ^"); got != "<input>:1:1: undeclared reference" {
		t.Errorf("the message is %q", got)
	}
}
