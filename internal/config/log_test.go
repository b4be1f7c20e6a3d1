package config

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestLogFormats(t *testing.T) {
	t.Parallel()
	var text bytes.Buffer
	l := (&Log{Level: "warn", Format: "json"}).Logger(&text)
	l.Info("one")
	l.Warn("two", "door", "fhir")
	var line map[string]any
	if err := json.Unmarshal(text.Bytes(), &line); err != nil || line["msg"] != "two" || line["door"] != "fhir" {
		t.Errorf("%v: %s", err, text.String())
	}
	text.Reset()
	(&Log{Level: "debug", Format: "text"}).Logger(&text).Debug("three")
	if !strings.Contains(text.String(), "msg=three") {
		t.Error(text.String())
	}
}

// TestServeWarns: what works, and may not be meant, is said.
func TestServeWarns(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		listen, baseURL string
		anonymous, tls  bool
		want            []string
	}{
		{"127.0.0.1:8080", "", true, false, nil},
		{"localhost:8080", "", true, false, nil},
		{":8080", "", true, false, []string{"everyone who can reach this address can read the masked data", "fhir.baseURL is not set"}},
		{":8080", "https://x/fhir", false, false, []string{"plain HTTP from other machines"}},
		{"0.0.0.0:8080", "", true, true, []string{"fhir.baseURL is not set"}},
		{"10.0.0.1:8080", "", true, true, nil},
	} {
		c := Default(nil)
		c.FHIR.Upstream, c.FHIR.Listen, c.FHIR.BaseURL, c.Consumers.AllowAnonymous = "http://x/fhir", tc.listen, tc.baseURL, tc.anonymous
		if tc.tls {
			c.FHIR.TLS = TLS{CertFile: "c", KeyFile: "k"}
		}
		var text bytes.Buffer
		c.Warn((&Log{}).Logger(&text))
		if got := strings.Count(text.String(), "level=WARN"); got != len(tc.want) {
			t.Errorf("%+v: %s", tc, text.String())
		}
		for _, want := range tc.want {
			if !strings.Contains(text.String(), want) {
				t.Errorf("%+v: no %q in %s", tc, want, text.String())
			}
		}
	}
}
