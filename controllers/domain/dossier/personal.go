package dossier

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/longshore-dev/longshore/api/v1alpha1"
)

const (
	// saltSize in bytes: enough that a digest says nothing about a name that can be guessed.
	saltSize = 16
	// maxValue is the longest personal value that the schema takes, in characters.
	maxValue = 1024
)

// salts draws one salt for each value, once, however often a Dossier is built until it fits.
type salts struct {
	random  io.Reader
	byValue map[string]string
}

func newSalts(random io.Reader) *salts {
	return &salts{random: random, byValue: map[string]string{}}
}

func (s *salts) of(value string) (string, error) {
	if salt, is := s.byValue[value]; is {
		return salt, nil
	}
	raw := make([]byte, saltSize)
	if _, err := io.ReadFull(s.random, raw); err != nil {
		return "", fmt.Errorf("reading a random salt: %w", err)
	}
	s.byValue[value] = hex.EncodeToString(raw)
	return s.byValue[value], nil
}

// people collects the personal values of one Dossier, each once, numbered as they come.
type people struct {
	salts   *salts
	digests map[string]v1alpha1.PersonalDigest
	values  []v1alpha1.PersonalValue
}

func newPeople(salts *salts) *people {
	return &people{salts: salts, digests: map[string]v1alpha1.PersonalDigest{}}
}

// digest stands for a value in the record.
func (p *people) digest(value string) (v1alpha1.PersonalDigest, error) {
	value = clip(value, maxValue)
	if d, is := p.digests[value]; is {
		return d, nil
	}
	salt, err := p.salts.of(value)
	if err != nil {
		return v1alpha1.PersonalDigest{}, err
	}
	d := v1alpha1.PersonalDigest{Key: "p" + strconv.Itoa(len(p.values)+1), Digest: saltedDigest(salt, value)}
	p.digests[value] = d
	p.values = append(p.values, v1alpha1.PersonalValue{Key: d.Key, Salt: salt, Value: value})
	return d, nil
}

// saltedDigest is the SHA-256 of salt, a line feed, and value.
func saltedDigest(salt, value string) string {
	sum := sha256.Sum256([]byte(salt + "\n" + value))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// clip shortens a text to a number of characters, and shows that it did.
func clip(text string, characters int) string {
	if utf8.RuneCountInString(text) <= characters {
		return text
	}
	return string([]rune(text)[:characters-1]) + "…"
}
