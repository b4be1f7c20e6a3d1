package consoletest

import (
	"strings"
	"testing"

	"golang.org/x/net/html"
)

// Hostile are texts that would become markup, a URL or a separate line in a page that does
// not escape them.
func Hostile() []string {
	return []string{
		`"><script>alert(1)</script>`, `<img src=x onerror=alert(1)>`, `javascript:alert(1)`, `' autofocus onfocus=alert(1) x='`, `" style="position:fixed`, `</textarea></select><svg onload=alert(1)>`,
		"a\r\nSet-Cookie: veil-console=x", "{{.CSRF}}", "]]><base href=//evil.example>",
	}
}

// Harmless checks that a page has no script, style, event handler, frame or address but
// those of the console, whatever is written in it.
func Harmless(t testing.TB, what, body string) {
	t.Helper()
	doc, err := html.Parse(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for n := range doc.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		switch n.Data {
		case "base", "iframe", "object", "embed", "style", "applet", "frame":
			t.Errorf("%s: <%s> in the page", what, n.Data)
		case "script":
			if n.FirstChild != nil {
				t.Errorf("%s: a script in the page", what)
			}
		}
		for _, a := range n.Attr {
			key, value := strings.ToLower(a.Key), strings.ToLower(strings.TrimSpace(a.Val))
			switch {
			case strings.HasPrefix(key, "on"), key == "style", key == "srcdoc", key == "autofocus" && n.Data != "input":
				t.Errorf("%s: <%s %s>", what, n.Data, key)
			case (key == "href" || key == "src" || key == "action" || key == "formaction") && !strings.HasPrefix(value, "/console") && !strings.HasPrefix(value, "#") && !strings.HasPrefix(value, "?"):
				t.Errorf("%s: <%s %s=%q>", what, n.Data, key, value)
			}
		}
	}
}
