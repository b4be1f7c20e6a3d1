package consumer

import (
	"errors"
	"strings"
	"testing"

	"github.com/xdg-go/scram"
)

// login runs both ends of an attempt.
func login(t *testing.T, d *Directory, user, password string) (*Consumer, string, error) {
	t.Helper()
	client, err := scram.SHA256.NewClient("", password, "")
	if err != nil {
		t.Fatal(err)
	}
	l, err := d.Login(user, "SCRAM-SHA-256", nil)
	if err != nil {
		t.Fatal(err)
	}
	c := client.NewConversation()
	first, err := c.Step("")
	if err != nil {
		t.Fatal(err)
	}
	challenge, err := l.Step([]byte(first))
	if err != nil {
		return nil, "", err
	}
	_, salt, _ := strings.Cut(string(challenge), ",")
	final, err := c.Step(string(challenge))
	if err != nil {
		t.Fatal(err)
	}
	proof, err := l.Step([]byte(final))
	if err != nil {
		return nil, salt, err
	}
	if _, err := c.Step(string(proof)); err != nil || !c.Valid() {
		t.Errorf("the client does not believe the listener: %v", err)
	}
	who, err := l.Consumer()
	return who, salt, err
}

func userDirectory(t *testing.T) *Directory {
	v, err := NewVerifier("correct horse")
	if err != nil {
		t.Fatal(err)
	}
	return directory(t, Config{Users: []User{{Account{Name: "research", View: "safe"}, "ann", v.String()}}})
}

func TestLogin(t *testing.T) {
	d := userDirectory(t)
	who, salt, err := login(t, d, "ann", "correct horse")
	if err != nil || who.Name != "research" || who.View != "safe" {
		t.Fatalf("got %v, %v", who, err)
	}
	_, wrong, err := login(t, d, "ann", "battery staple")
	if !errors.Is(err, ErrBadCredentials) || wrong != salt {
		t.Errorf("a wrong password: %v", err)
	}
	_, mock, err := login(t, d, "bob", "correct horse")
	if !errors.Is(err, ErrBadCredentials) {
		t.Errorf("a user that is not there: %v", err)
	}
	if _, again, _ := login(t, d, "bob", "another"); again != mock {
		t.Error("a user that is not there has another salt each time, so it is known not to be there")
	}
	if len(mock) != len(salt) {
		t.Errorf("the challenge of a user that is not there has another form: %q, %q", mock, salt)
	}
}

func TestLoginRefusesTheUnboundWhoCouldBind(t *testing.T) {
	d := userDirectory(t)
	binding := &Binding{scram.ChannelBinding{Type: scram.ChannelBindingTLSServerEndpoint, Data: []byte("the hash of a certificate")}}
	for _, tt := range []struct {
		name, mechanism, first string
		binding                *Binding
		ok                     bool
	}{
		{"cannot bind", "SCRAM-SHA-256", "n,,n=,r=abc", binding, true},
		{"could, and was told that the listener cannot", "SCRAM-SHA-256", "y,,n=,r=abc", binding, false},
		{"binds", "SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,n=,r=abc", binding, true},
		{"says that it binds, and does not", "SCRAM-SHA-256-PLUS", "n,,n=,r=abc", binding, false},
		{"binds to nothing", "SCRAM-SHA-256-PLUS", "p=tls-server-end-point,,n=,r=abc", nil, false},
		{"another mechanism", "PLAIN", "n,,n=,r=abc", nil, false},
		{"not SCRAM", "SCRAM-SHA-256", "\x00ann\x00secret", nil, false},
	} {
		l, err := d.Login("ann", tt.mechanism, tt.binding)
		if err == nil {
			_, err = l.Step([]byte(tt.first))
		}
		if (err == nil) != tt.ok {
			t.Errorf("%s: got %v", tt.name, err)
		}
	}
}

func TestVerifier(t *testing.T) {
	const good = "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
	v, err := parseVerifier(good)
	if err != nil || v.String() != good {
		t.Fatalf("got %v, %v", v, err)
	}
	made, err := NewVerifier("pencil")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := parseVerifier(made.String()); err != nil || again.String() != made.String() {
		t.Errorf("what NewVerifier makes does not parse: %v", err)
	}
	for name, bad := range map[string]string{
		"empty":          "",
		"a password":     "pencil",
		"md5":            "md53175bce1d3201d16594cebf9d7eb3f9d",
		"few iterations": strings.Replace(good, "4096", "1", 1),
		"many":           strings.Replace(good, "4096", "100000000", 1),
		"sign":           strings.Replace(good, "4096", "+4096", 1),
		"no salt":        strings.Replace(good, "W22ZaJ0SNY7soEsUEjb6gQ==", "", 1),
		"short key":      strings.Replace(good, "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=", "WG5d", 1),
		"no server key":  good[:strings.LastIndex(good, ":")],
	} {
		if _, err := parseVerifier(bad); err == nil || bad != "" && strings.Contains(err.Error(), bad) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
