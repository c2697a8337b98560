package providertest

import (
	"slices"
	"strings"
	"time"

	"github.com/longshore-dev/longshore/api/v1alpha1"
	"github.com/longshore-dev/longshore/controllers/access/provider"
)

func (s *suite) expire() {
	step := s.p.Capabilities().ExpiryStep
	target := s.target()
	if step == 0 {
		s.give(target)
		if observed := s.verify(target); !observed.ExpiresAt.IsZero() {
			s.Errorf("a target system without expiry was read back with one: %s", observed.ExpiresAt)
		}
		return
	}
	if s.verifyGiven(target).ExpiresAt.IsZero() {
		// The target system expires something else, on which this depends.
		return
	}
	for _, expiresAt := range []time.Time{s.expiry(), s.expiry().Add(72 * time.Hour), s.expiry().Add(24 * time.Hour)} {
		s.giveUntil(target, expiresAt)
		if got := s.verify(target).ExpiresAt; got.Sub(expiresAt).Abs() > step {
			s.Errorf("the expiry was read back as %s, expected %s within %s", got, expiresAt, step)
		}
	}
}

func (s *suite) verifyGiven(target provider.Target) provider.Observed {
	s.Helper()
	s.give(target)
	return s.verify(target)
}

func (s *suite) restoreExpiry() {
	if s.h.ExpireNeverByHand == nil {
		return
	}
	target := s.target()
	s.give(target)
	s.h.ExpireNeverByHand(s.T, target)
	if observed := s.verify(target); observed.Drift == "" {
		s.Errorf("an access whose expiry was taken off was read back as %+v, expected drift", observed)
	}
	s.give(target)
	s.expectExact(target, "after the expiry was set again")
}

func (s *suite) revokeRenamed() {
	if s.h.RenameByHand == nil {
		return
	}
	target := s.target()
	target.Handle = s.verifyGiven(target).Handle
	if target.Handle == "" {
		s.Fatal("what can be renamed was read back without a handle")
	}
	s.h.RenameByHand(s.T, target)
	if observed := s.verify(target); observed.Absent() {
		s.Fatalf("what was renamed was read back as %+v, expected it still to be there", observed)
	}
	s.take(target)
	s.expectAbsent(target, "after what was renamed was revoked")
}

func (s *suite) endSessions() {
	if ends := s.p.Capabilities().EndsSessions; ends != (s.h.Open != nil) {
		s.Fatalf("the provider ends sessions: %v, and the harness can open one: %v", ends, s.h.Open != nil)
	}
	if s.h.Open == nil {
		return
	}
	target := s.target()
	s.give(target)
	alive := s.h.Open(s.T, target)
	if !alive() {
		s.Fatal("what was granted cannot be used")
	}
	s.take(target)
	if !s.eventually(func() bool { return !alive() }) {
		s.Error("what the subject had open goes on after the access was revoked")
	}
}

func (s *suite) list() {
	lister, is := s.p.(provider.Lister)
	if lists := s.p.Capabilities().Lists; lists != is {
		s.Fatalf("the provider says that it lists: %v, and it does: %v", lists, is)
	}
	if !is {
		return
	}
	target := s.target()
	listed := func() bool {
		keys, err := lister.List(s.Context())
		if err != nil {
			s.Fatalf("listing what Longshore granted: %v", err)
		}
		return slices.Contains(keys, target.Key)
	}
	if listed() {
		s.Error("what was never granted is listed")
	}
	s.give(target)
	if !listed() {
		s.Error("what was granted is not listed")
	}
	s.take(target)
	if listed() {
		s.Error("what was revoked is listed")
	}
}

func (s *suite) wrongCredentials() {
	if s.h.WrongCredentials == nil {
		return
	}
	wrong := s.h.Connection
	wrong.Credentials = s.h.WrongCredentials
	err := s.probeBy(wrong)
	if !provider.IsRefused(err) {
		s.Fatalf("probing with wrong credentials gave %v, expected a refusal", err)
	}
	for key, value := range s.h.WrongCredentials {
		// A name may be short enough to be part of any text, and is no secret.
		if key != v1alpha1.CredentialUsername && strings.Contains(err.Error(), string(value)) {
			s.Errorf("the refusal repeats the credential %s", key)
		}
	}
}

func (s *suite) wrongAuthority() {
	if s.h.WrongCABundle == nil {
		return
	}
	wrong := s.h.Connection
	wrong.CABundle = s.h.WrongCABundle
	if err := s.probeBy(wrong); err == nil {
		s.Error("a target system whose certificate was signed by somebody else was talked to")
	}
}

// probeBy opens and probes; either may say what is wrong.
func (s *suite) probeBy(connection provider.Connection) error {
	opened, err := s.h.Type.Open(connection)
	if err != nil {
		return err
	}
	return opened.Probe(s.Context())
}
