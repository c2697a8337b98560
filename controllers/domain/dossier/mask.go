package dossier

import (
	"cmp"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// What stands in a record's texts in place of a person.
const (
	maskedWorker  = "{worker}"
	maskedSubject = "{subject}"
	maskedPerson  = "{person}"
)

// mask is the names that a text must not show, with what stands in their place. Of two that fit, the longer is taken.
type mask []masked

type masked struct{ word, instead string }

// with adds names to the mask, as they are and as a URI writes them. Names that are in it already stay as they are.
func (m mask) with(instead string, names ...string) mask {
	all := slices.Clone(m)
	for _, name := range names {
		for _, word := range []string{name, url.QueryEscape(name), url.PathEscape(name)} {
			if word != "" && !slices.ContainsFunc(all, func(known masked) bool { return known.word == word }) {
				all = append(all, masked{word, instead})
			}
		}
	}
	slices.SortStableFunc(all, func(a, b masked) int { return cmp.Compare(len(b.word), len(a.word)) })
	return all
}

// apply replaces the names where they stand as words of their own. Within a longer word they stay: the worker al is not in
// the target portal.
func (m mask) apply(text string) string {
	var b strings.Builder
	for at := 0; at < len(text); {
		if found, is := m.at(text, at); is {
			b.WriteString(found.instead)
			at += len(found.word)
			continue
		}
		_, size := utf8.DecodeRuneInString(text[at:])
		b.WriteString(text[at : at+size])
		at += size
	}
	return b.String()
}

func (m mask) at(text string, at int) (masked, bool) {
	for _, candidate := range m {
		if strings.HasPrefix(text[at:], candidate.word) && !joined(text[:at], candidate.word) && !joined(candidate.word, text[at+len(candidate.word):]) {
			return candidate, true
		}
	}
	return masked{}, false
}

// joined says whether two texts read as one word where they meet.
func joined(left, right string) bool {
	l, _ := utf8.DecodeLastRuneInString(left)
	r, _ := utf8.DecodeRuneInString(right)
	return inWord(l) && inWord(r)
}

func inWord(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}
