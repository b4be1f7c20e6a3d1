package signin

import (
	"net/url"
	"reflect"
	"testing"
)

func TestClientCredentials(t *testing.T) {
	const id, secret = "veil client", "p&ss:w%rd"
	for _, tc := range []struct {
		name   string
		config ClientCredentials
		form   url.Values
		basic  bool
	}{
		{"basic is the default", ClientCredentials{}, url.Values{"grant_type": {"client_credentials"}}, true},
		{"basic", ClientCredentials{Method: "client_secret_basic", Scopes: []string{"system/Patient.rs", "system/Observation.rs"}},
			url.Values{"grant_type": {"client_credentials"}, "scope": {"system/Patient.rs system/Observation.rs"}}, true},
		{"post with an audience", ClientCredentials{Method: "client_secret_post", Audience: "https://fhir.example.org/"},
			url.Values{"grant_type": {"client_credentials"}, "audience": {"https://fhir.example.org/"}, "client_id": {id}, "client_secret": {secret}}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			e := newEndpoint(t, gives("t-1"))
			c := tc.config
			c.TokenURL, c.ClientID, c.Secret = e.URL+"/token", id, inFile(t, secret+"\n")
			made := credentials(t, Config{ClientCredentials: &c})
			for range 3 {
				if header, err := authorization(t, made); err != nil || header != "Bearer t-1" {
					t.Fatalf("got %q, %v", header, err)
				}
			}
			got := e.last(t)
			if e.count() != 1 || !reflect.DeepEqual(got.form, tc.form) {
				t.Errorf("asked %d times, form %v, want %v", e.count(), got.form, tc.form)
			}
			// RFC 6749, 2.3.1: both are encoded as in a form before they are joined.
			if got.authenticated != tc.basic || tc.basic && (got.user != "veil+client" || got.secret != "p%26ss%3Aw%25rd") {
				t.Errorf("basic %t: %q %q", got.authenticated, got.user, got.secret)
			}
		})
	}
}
