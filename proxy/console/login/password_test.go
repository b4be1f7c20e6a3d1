package login

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
)

// TestPassword: a hash takes its password and no other, a name that nobody has is refused
// like a wrong password, and no hash is taken that is cheap to guess or that is no hash.
func TestPassword(t *testing.T) {
	t.Parallel()
	const password = "correct horse battery"
	text, err := HashPassword(password)
	if err != nil {
		t.Fatal(err)
	}
	again, err := HashPassword(password)
	if err != nil || again == text || !strings.HasPrefix(text, "$argon2id$v=19$m=65536,t=3,p=4$") {
		t.Errorf("%s and %s, %v", text, again, err)
	}
	d, err := New(Config{Users: []User{{Name: "ann", Password: text}}})
	if err != nil {
		t.Fatal(err)
	}
	id, err := d.Password(t.Context(), "ann", password)
	if err != nil || id.Name != "ann" || id.Role != Operator || !slices.Contains(d.Proofs(), id.Proof) {
		t.Errorf("%+v, %v", id, err)
	}
	for _, wrong := range [][2]string{{"ann", password + " "}, {"ann", ""}, {"ann", "Correct horse battery"}, {"ben", password}, {"", password}, {"ann", strings.Repeat("x", maxPassword+1)}} {
		if _, err := d.Password(t.Context(), wrong[0], wrong[1]); !errors.Is(err, ErrRefused) {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range cap(checking) {
		checking <- struct{}{}
	}
	_, err = d.Password(ctx, "ann", password)
	for range cap(checking) {
		<-checking
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("who is gone: %v", err)
	}
	for _, short := range []string{"", "elevenbytes", strings.Repeat("x", maxPassword+1)} {
		if _, err := HashPassword(short); err == nil {
			t.Errorf("a password of %d bytes is taken", len(short))
		}
	}
}

// TestParseHash: no text but that of a strong enough argon2id hash is one.
func TestParseHash(t *testing.T) {
	t.Parallel()
	const tail = "$MDEyMzQ1Njc4OWFiY2RlZg$Qd/uPU2dNuqz/ljLQKUryhqKULDfO/egRNHbpCY1GDk"
	if _, err := parseHash("$argon2id$v=19$m=8192,t=1,p=1" + tail); err != nil {
		t.Error(err)
	}
	for _, bad := range []string{
		"", "hunter2", "$2y$10$abcdefghijklmnopqrstuu", "$argon2i$v=19$m=8192,t=1,p=1" + tail, "$argon2id$v=16$m=8192,t=1,p=1" + tail,
		"$argon2id$v=19$m=8191,t=1,p=1" + tail, "$argon2id$v=19$m=1048577,t=1,p=1" + tail, "$argon2id$v=19$m=8192,t=0,p=1" + tail, "$argon2id$v=19$m=8192,t=21,p=1" + tail,
		"$argon2id$v=19$m=8192,t=1,p=0" + tail, "$argon2id$v=19$m=8192,t=1,p=17" + tail, "$argon2id$v=19$m=8192,t=1,p=1x" + tail, "$argon2id$v=19$m=08192,t=1,p=1" + tail,
		"$argon2id$v=19$m=8192,t=1,p=1" + tail + "=", "$argon2id$v=19$m=8192,t=1,p=1" + tail + "\n", "$argon2id$v=19$m=8192,t=1,p=1$MDEy$Qd/uPU2dNuqz", "$argon2id$v=19$m=8192,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$",
	} {
		_, err := parseHash(bad)
		if err == nil {
			t.Errorf("%q is taken", bad)
		} else if len(bad) > 8 && strings.Contains(err.Error(), bad[len(bad)-8:]) {
			t.Errorf("%q is shown: %v", bad, err)
		}
	}
}

// FuzzHash: what is read as a hash is written as the same text, and its parameters are in
// bounds.
func FuzzHash(f *testing.F) {
	f.Add("$argon2id$v=19$m=8192,t=1,p=1$MDEyMzQ1Njc4OWFiY2RlZg$Qd/uPU2dNuqz/ljLQKUryhqKULDfO/egRNHbpCY1GDk")
	f.Fuzz(func(t *testing.T, s string) {
		h, err := parseHash(s)
		if err == nil && (h.String() != s || h.memory < minMemory || h.memory > maxMemory || h.time > maxTime || h.threads > maxThreads) {
			t.Errorf("%q is read as %s", s, h)
		}
	})
}
