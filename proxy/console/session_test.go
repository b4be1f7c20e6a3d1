package console

import "testing"

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
