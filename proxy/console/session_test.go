package console

import (
	"testing"
	"time"

	"github.com/veil-proxy/veil/proxy/console/login"
)

// TestSessionsEnd: a session ends when it was idle, at its end, at a logout, and when who
// has it may not log in any more.
func TestSessionsEnd(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	s := newSessions()
	s.now = func() time.Time { return now }
	s.force(Limits{Idle: 10 * time.Minute, Lifetime: time.Hour}, func(login.Proof) bool { return true })
	ann, ben := login.Identity{Name: "ann", Proof: login.Proof{1}}, login.Identity{Name: "ben", Proof: login.Proof{2}}
	idle, busy := s.begin(ann), s.begin(ann)
	if idle == busy || s.find(idle) == nil || s.find(idle) == s.find(busy) {
		t.Fatal("two logins share a session")
	}
	for range 7 {
		now = now.Add(8 * time.Minute)
		if s.find(busy) == nil {
			t.Fatal("a session in use ended early")
		}
	}
	if s.find(idle) != nil {
		t.Error("a session outlived its idle time")
	}
	now = now.Add(8 * time.Minute)
	if s.find(busy) != nil {
		t.Error("a session outlived its lifetime")
	}
	first, second, other := s.begin(ann), s.begin(ann), s.begin(ben)
	s.end(first)
	if s.find(first) != nil || s.find(second) == nil {
		t.Error("a logout ended another session, or none")
	}
	s.force(s.limits, func(p login.Proof) bool { return p == ben.Proof })
	if s.find(second) != nil || s.find(other) == nil {
		t.Error("who may not log in any more has a session, or who may has none")
	}
	for _, forged := range []string{"", "x", second, other[:42], other + "A", random()} {
		if s.find(forged) != nil {
			t.Errorf("%q has a session", forged)
		}
	}
}

// TestSessionsAreBounded: with too many, the one that was idle longest ends.
func TestSessionsAreBounded(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	s := newSessions()
	s.now = func() time.Time { return now }
	first := s.begin(login.Identity{Name: "ann"})
	second := s.begin(login.Identity{Name: "ann"})
	now = now.Add(time.Second)
	s.find(first)
	for range mostSessions {
		s.begin(login.Identity{Name: "ann"})
		s.find(first)
		now = now.Add(time.Millisecond)
	}
	if len(s.byID) != mostSessions || s.find(first) == nil || s.find(second) != nil {
		t.Errorf("%d sessions", len(s.byID))
	}
}

// TestInside: after a login a browser goes to the console, and nowhere else.
func TestInside(t *testing.T) {
	t.Parallel()
	for next, want := range map[string]string{
		"/console/audit?consumer=ann": "/console/audit?consumer=ann", "/console/": "/console/",
		"": "/console/", "https://evil.example/console/": "/console/", "//evil.example/console/": "/console/", "/metrics": "/console/",
		"/console//evil.example": "/console/", "/console/\\evil.example": "/console/", "javascript:alert(1)": "/console/", "/console/\r\nx": "/console/", "/consolex/": "/console/",
	} {
		if got := inside(next); got != want {
			t.Errorf("%q: %q", next, got)
		}
	}
}
