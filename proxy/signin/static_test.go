package signin

import (
	"os"
	"testing"
	"testing/synctest"
	"time"
)

func TestStaticHeaders(t *testing.T) {
	t.Setenv("VEIL_TEST_KEY", "k-1")
	for _, tc := range []struct {
		name, header, want string
		config             Config
	}{
		{"from a file", "X-API-Key", "k-2", Config{Headers: []Header{{"X-API-Key", inFile(t, "k-2\n")}}}},
		{"from a variable", "X-API-Key", "k-1", Config{Headers: []Header{{"X-API-Key", Secret{Env: "VEIL_TEST_KEY"}}}}},
		{"another scheme", "Authorization", "Token a b", Config{Headers: []Header{{"Authorization", inFile(t, "Token a b")}}}},
		{"a cookie", "Cookie", "s=1", Config{Headers: []Header{{"Cookie", inFile(t, "s=1")}}}},
		// RFC 7617, 2 and 2.1.
		{"basic", "Authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", Config{Basic: &Basic{"Aladdin", inFile(t, "open sesame\n")}}},
		{"basic in UTF-8", "Authorization", "Basic dGVzdDoxMjPCow==", Config{Basic: &Basic{"test", inFile(t, "123£")}}},
		{"basic with a colon", "Authorization", "Basic YTpiOmM=", Config{Basic: &Basic{"a", inFile(t, "b:c")}}},
		{"beside a kind", "X-API-Key", "k-1", Config{Headers: []Header{{"X-API-Key", Secret{Env: "VEIL_TEST_KEY"}}}, Basic: &Basic{"a", inFile(t, "b")}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			req := newRequest(t, "https://fhir.example.org/fhir/Patient/1")
			// What a consumer sent would be replaced, were it there.
			req.Header.Set(tc.header, "of the consumer")
			if err := credentials(t, tc.config).Authorize(t.Context(), req); err != nil {
				t.Fatal(err)
			}
			if all := req.Header.PeekAll(tc.header); len(all) != 1 || string(all[0]) != tc.want {
				t.Errorf("got %q", all)
			}
		})
	}
}

// TestFilesAreReadAgain: after secretFresh, or when the upstream refuses.
func TestFilesAreReadAgain(t *testing.T) {
	from := inFile(t, "old")
	change := func(text string, mode os.FileMode) {
		if err := os.WriteFile(from.File, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(from.File, mode); err != nil {
			t.Fatal(err)
		}
	}
	synctest.Test(t, func(t *testing.T) {
		c := credentials(t, Config{Headers: []Header{{"Authorization", from}}})
		for _, step := range []struct {
			name    string
			text    string
			mode    os.FileMode
			wait    time.Duration
			refused bool
			want    string
		}{
			{"not yet", "new", 0o600, secretFresh - 1, false, "old"},
			{"after a while", "new", 0o600, 1, false, "new"},
			{"refused at once", "newer", 0o600, 0, true, "new"},
			{"refused", "newer", 0o600, secretPause, true, "newer"},
			{"half written", "", 0o600, secretFresh, false, "newer"},
			{"open to others", "stolen", 0o644, secretFresh, false, "newer"},
			{"repaired", "newest", 0o600, secretFresh, false, "newest"},
		} {
			change(step.text, step.mode)
			time.Sleep(step.wait)
			if step.refused {
				c.Refused()
			}
			if got, err := authorization(t, c); err != nil || got != step.want {
				t.Errorf("%s: got %q, %v", step.name, got, err)
			}
		}
	})
}
