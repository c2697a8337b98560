package dossier

import (
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

// mask hides the names that a text must not show. Of two names that fit, the longer is taken.
type mask struct {
	// instead is what stands in place of each name.
	instead map[string]string
	// lengths of the names in bytes, the longest first.
	lengths []int
}

// newMask hides names by what stands in their place, as they are and as a URI writes them.
func newMask(instead map[string]string) mask {
	m := mask{instead: map[string]string{}}
	for name, placeholder := range instead {
		for _, word := range []string{name, url.QueryEscape(name), url.PathEscape(name)} {
			if word != "" {
				m.instead[word] = placeholder
				m.lengths = append(m.lengths, len(word))
			}
		}
	}
	slices.SortFunc(m.lengths, func(a, b int) int { return b - a })
	m.lengths = slices.Compact(m.lengths)
	return m
}

// apply replaces the names where they stand as words of their own. Within a longer word they stay: the worker al is not in
// the target portal.
func (m mask) apply(text string) string {
	var b strings.Builder
	for at := 0; at < len(text); {
		if length := m.at(text, at); length > 0 {
			b.WriteString(m.instead[text[at:at+length]])
			at += length
			continue
		}
		_, size := utf8.DecodeRuneInString(text[at:])
		b.WriteString(text[at : at+size])
		at += size
	}
	return b.String()
}

// at is the length of the name that stands at a place of the text, or 0.
func (m mask) at(text string, at int) int {
	for _, length := range m.lengths {
		end := at + length
		if end > len(text) {
			continue
		}
		if _, is := m.instead[text[at:end]]; is && !joined(text[:at], text[at:]) && !joined(text[:end], text[end:]) {
			return length
		}
	}
	return 0
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
