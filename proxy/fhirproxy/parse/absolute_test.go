package parse

import (
	"errors"
	"net"
	"net/url"
	"testing"
)

// TestOriginForm: a target in absolute form is one of this server if it names it, in any
// spelling, and of no other.
func TestOriginForm(t *testing.T) {
	t.Parallel()
	local := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}
	for _, tc := range []struct{ raw, want string }{
		{"/fhir/Patient?x=http://other/", "/fhir/Patient?x=http://other/"},
		{"*", "*"},
		{"https://fhir.example.org/fhir/Patient?a=b", "/fhir/Patient?a=b"},
		{"http://fhir.example.org/fhir", "/fhir"}, // TLS ends in front of the listener
		{"HTTPS://FHIR.Example.ORG:443/fhir", "/fhir"},
		{"https://fhir.example.org./fhir", "/fhir"},
		{"https://fhir.example.org", "/"},
		{"https://fhir.example.org?x=1", "/?x=1"},
		{"https://fhir.example.org//fhir", "//fhir"}, // which TargetOf refuses
		{"http://127.0.0.1:8080/fhir", "/fhir"},
		{"http://localhost:8080/fhir", "/fhir"},
		{"http://127.0.0.1/fhir", ""},
		{"http://127.0.0.1:8081/fhir", ""},
		{"https://fhir.example.org:8443/fhir", ""},
		{"https://other.example.org/fhir", ""},
		{"https://fhir.example.org.evil.example/fhir", ""},
		{"https://fhir.example.org@evil.example/fhir", ""},
		{"https://evil@fhir.example.org/fhir", ""},
		{"https://fhir.example.org:x/fhir", ""},
		{"https://fhir.example.org\\@evil.example/fhir", ""},
		{"https:///fhir", ""},
		{"https://", ""},
		{"http://[::1/fhir", ""},
		{"http://169.254.169.254/latest/meta-data", ""},
		{"ftp://fhir.example.org/fhir", "ftp://fhir.example.org/fhir"}, // which TargetOf refuses
	} {
		got, err := OriginForm(tc.raw, &url.URL{Scheme: "https", Host: "fhir.example.org"}, local)
		if got != tc.want || (err != nil) != (tc.want == "") || err != nil && !errors.Is(err, errOtherServer) {
			t.Errorf("%s: got %q, %v, want %q", tc.raw, got, err, tc.want)
		}
	}
	v6 := &net.TCPAddr{IP: net.IPv6loopback, Port: 8080}
	if got, err := OriginForm("http://[::1]:8080/fhir", &url.URL{Scheme: "http", Host: "x"}, v6); got != "/fhir" || err != nil {
		t.Errorf("IPv6: %q, %v", got, err)
	}
	if _, err := OriginForm("http://a/fhir", &url.URL{Scheme: "http", Host: "x"}, &net.UnixAddr{Name: "a"}); err == nil {
		t.Error("another server is named over a socket, and answered")
	}
}
