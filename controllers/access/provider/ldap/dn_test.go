package ldap

import (
	"slices"
	"testing"
	"unicode/utf8"

	goldap "github.com/go-ldap/ldap/v3"
)

func mustParse(t testing.TB, text string) dn {
	t.Helper()
	parsed, err := parseDN(text)
	if err != nil {
		t.Fatalf("parsing %q: %v", text, err)
	}
	return parsed
}

func TestASubjectIsTheValueOfOneAttributeAndNothingElse(t *testing.T) {
	pattern := mustParse(t, "uid={subject},ou=people,dc=example,dc=com")
	for subject, want := range map[string]string{
		"ada":          `uid=ada,`,
		"a,ou=groups":  `uid=a\,ou=groups,`,
		"a+cn=admin":   `uid=a\+cn=admin,`,
		"#hash":        `uid=\#hash,`,
		"a#b":          `uid=a#b,`,
		" ada ":        `uid=\ ada\ ,`,
		" ":            `uid=\ ,`,
		`back\slash`:   `uid=back\\slash,`,
		`\2c`:          `uid=\\2c,`,
		`"<a>;"`:       `uid=\"\<a\>\;\",`,
		"*)(uid=*":     `uid=*)(uid=*,`,
		"Ärger 用户 🚢":   `uid=Ärger 用户 🚢,`,
		"{subject}":    `uid={subject},`,
		"a\x00b":       `uid=a\00b,`,
		"a=b":          `uid=a=b,`,
		"dc=com,dc=de": `uid=dc=com\,dc=de,`,
	} {
		if got := pattern.of(subject).String(); got != want+"ou=people,dc=example,dc=com" {
			t.Errorf("the account of %q is %s, expected %s…", subject, got, want)
		}
	}
}

func FuzzASubjectNeverEscapesItsAttribute(f *testing.F) {
	for _, seed := range []string{"ada", "a,ou=groups", "a+b=c", `\`, `a\`, `\,`, "#04024869", " ", "  a  ", "a;b", "\x00", "a\nb", "ä", `\c3`, "{subject}", "=", ",", "+"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, subject string) {
		if !utf8.ValidString(subject) || subject == "" {
			// Neither comes this far.
			return
		}
		pattern := mustParse(t, "uid={subject}+cn=of {subject},ou=people,dc=example,dc=com")
		read := mustParse(t, pattern.of(subject).String())
		if len(read.rdns) != 4 || len(read.rdns[0].Attributes) != 2 {
			t.Fatalf("%q made %s, which has another structure than %s", subject, pattern.of(subject), pattern)
		}
		first, second := read.rdns[0].Attributes[0], read.rdns[0].Attributes[1]
		if first.Type != "uid" || first.Value != subject || second.Type != "cn" || second.Value != "of "+subject {
			t.Errorf("%q is read back as %q and %q", subject, first.Value, second.Value)
		}
		if above := (dn{read.rdns[1:]}).String(); above != "ou=people,dc=example,dc=com" {
			t.Errorf("%q moved the account below %s", subject, above)
		}
		if _, err := goldap.CompileFilter(equals("uid", subject)); err != nil {
			t.Errorf("%q makes a filter that cannot be read: %v", subject, err)
		}
	})
}

func TestAFilterAsksForAValueAndNothingElse(t *testing.T) {
	for value, want := range map[string]string{
		"ada":        "(uid=ada)",
		"*":          `(uid=\2a)`,
		"*)(uid=*":   `(uid=\2a\29\28uid=\2a)`,
		`a\b`:        `(uid=a\5cb)`,
		"a\x00b":     `(uid=a\00b)`,
		"ä":          `(uid=\c3\a4)`,
		"a&(b|c)!=d": `(uid=a&\28b|c\29!=d)`,
	} {
		if got := equals("uid", value); got != want {
			t.Errorf("the filter for %q is %s, expected %s", value, got, want)
		}
	}
}

func TestDNsThatMeanTheSameFoldAlike(t *testing.T) {
	for _, same := range [][]string{
		{"cn=designers,ou=groups,dc=example,dc=com", "CN=Designers, OU=Groups ,DC=example;dc=COM", `cn=\64esigners,ou=groups,dc=example,dc=com`},
		{"cn=a  b,dc=com", "cn= a b,dc=com", `cn=\ a b\ ,dc=com`},
		{"cn=a+ou=b,dc=com", "ou=b+cn=a,dc=com", "OU=B+CN=A,dc=com"},
		{"cn=Ärger,dc=com", `cn=\c3\84rger,dc=com`, "cn=ärger,dc=com"},
	} {
		for _, text := range same {
			if got, want := mustParse(t, text).folded(), mustParse(t, same[0]).folded(); got != want {
				t.Errorf("%s folds to %s, expected %s as %s does", text, got, want, same[0])
			}
		}
	}
	var folded []string
	for _, text := range []string{"cn=a,dc=com", "cn=a,cn=a,dc=com", `cn=a\,dc=com`, "cn=b,dc=com", "cn=a+cn=b,dc=com", "ou=a,dc=com"} {
		folded = append(folded, mustParse(t, text).folded())
	}
	slices.Sort(folded)
	if len(slices.Compact(slices.Clone(folded))) != len(folded) {
		t.Errorf("different names fold alike: %q", folded)
	}
}

func TestOnlyWhatIsBelowIsBelow(t *testing.T) {
	base := mustParse(t, "ou=groups,dc=example,dc=com")
	for text, want := range map[string]bool{
		"cn=a,ou=groups,dc=example,dc=com":          true,
		"cn=a,ou=deep,ou=groups,dc=example,dc=com":  true,
		"CN=a, OU=Groups, DC=Example, DC=com":       true,
		"ou=groups,dc=example,dc=com":               false,
		"cn=a,dc=example,dc=com":                    false,
		"cn=a,ou=groups,dc=example,dc=org":          false,
		`cn=a\,ou=groups\,dc=example\,dc=com`:       false,
		`cn=a\,ou=groups,dc=example,dc=com`:         false,
		"cn=a,ou=groups,dc=example,dc=com,dc=other": false,
		"cn=a,ou=my groups,dc=example,dc=com":       false,
	} {
		if got := mustParse(t, text).below(base); got != want {
			t.Errorf("%s is below %s: %v, expected %v", text, base, got, want)
		}
	}
}

func TestWhatIsNoDNIsSaidSo(t *testing.T) {
	for text, why := range map[string]string{
		"":                      "it is empty",
		"   ":                   "it is empty",
		"designers":             "it has no attribute",
		"cn=a,,dc=com":          "a part of it is empty",
		`cn=a\`:                 "it ends in the middle of an escape",
		`ou\=x\,cn=a,dc=com`:    "what is escaped in an attribute's name would become structure",
		"c n=a,dc=com":          "an attribute's name has no space",
		"=a,dc=com":             "an attribute has no name",
		`cn="a,dc=com`:          "a quote is not escaped",
		"1.2..3=a,dc=com":       "an attribute's number is none",
		"cn=#zz,dc=example":     "octets are not in hexadecimal digits",
		"member;range=0-1=a,b=": "an attribute has options",
	} {
		if parsed, err := parseDN(text); err == nil {
			t.Errorf("%q was read as %s, and %s", text, parsed, why)
		}
	}
}
