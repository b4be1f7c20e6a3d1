package xml

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/document"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/documenttest"
)

// job masks a file with so many workers, and returns its output and what was reported.
func job(t *testing.T, section string, text string, workers int) (out, reported string) {
	t.Helper()
	r, err := documenttest.Compile(t, section)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	in := filepath.Join(dir, "x.xml")
	if err := os.WriteFile(in, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var problems strings.Builder
	j := &file.Job{
		Inputs: []string{in}, Out: filepath.Join(dir, "out"), Workers: workers,
		Formats: []file.Format{NewFormat(document.Files{Rules: r, Document: "d"})},
		Report:  func(p file.Problem) { fmt.Fprintln(&problems, strings.TrimPrefix(p.Error(), in)) },
	}
	if _, err := j.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	masked, err := os.ReadFile(filepath.Join(j.Out, "x.xml"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(masked), problems.String()
}

func TestFiles(t *testing.T) {
	t.Parallel()
	section := rules("match: ['d:/a/b', '/c:a/@x', '/c:a/c:b'], method: keep")
	for _, c := range []struct{ name, text, want, reported string }{
		{"a document", "\ufeff<?xml version=\"1.0\"?>\n<!-- Smith -->\n<a>\n <b>1</b>\n <z/>\n</a>\n<!-- Smith -->", "\ufeff<?xml version=\"1.0\"?>\n\n<a>\n <b>1</b>\n</a>\n", ""},
		{"prefixes", "<p:a xmlns:p='urn:c' x='1'>\n<p:b>1</p:b><b/></p:a >", "<c:a xmlns:c='urn:c' x='1'>\n<c:b>1</c:b><b/></c:a >", ""},
		{"nothing in it", "<a/>", "<a/>", ""},
		{"an element that is wrong", "<a><b>1</b>\n<b>&Smith;</b><b>3</b></a>", "<a><b>1</b><b>3</b></a>", ":2:4: not well-formed XML\n"},
		{"a root without rules", "<z>Smith</z>", "", ": no rule names the root element, or its namespace is not known, so nothing of the document passes\n"},
		{"a cut file", "<a>\n<b>1</b>\n<b>Smi", "", ": line 3: unexpected end of input inside an element\n"},
		{"a cut tag", "<a>\n<b>1</b>\n<b x='Smi", "", ": line 3: value of an attribute is not closed\n"},
		{"another end tag", "<a><b>1</b></z>", "", ": line 1: end tag is not that of the open element\n"},
		{"two roots", "<a><b>1</b></a>\n<a/>", "", ": line 2: unexpected data after the root element\n"},
		{"entities", "<!DOCTYPE a [<!ENTITY x 'Smith'>]>\n<a><b>&x;</b></a>", "", ": line 1: document type and entity declarations are refused\n"},
		{"UTF-16", "\xff\xfe<\x00a\x00", "", ": the file is not in XML format\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			out, reported := job(t, section, c.text, 2)
			if out != c.want || reported != c.reported {
				t.Errorf("got %q, reported %q\nwant %q, %q", out, reported, c.want, c.reported)
			}
		})
	}
}

// TestWorkersDoNotChangeBytes: a file of many blocks comes out as the walker masks it as a
// whole, and as one that rules forbid to part.
func TestWorkersDoNotChangeBytes(t *testing.T) {
	t.Parallel()
	rule := func(entity string) string {
		return rules("match: 'd:/c:l/c:p/@id', method: seal, domain: Patient", "match: '/c:l/c:p/c:n', method: surrogate, kind: family, entity: ["+entity+"'@id']", "match: '/c:l/@x', method: keep")
	}
	var b strings.Builder
	b.WriteString("<p:l xmlns:p='urn:c' x='1'>\n")
	for i := range 15000 {
		fmt.Fprintf(&b, "  <p:p id='p%d'><!-- Name --><p:n>Name <![CDATA[%d]]></p:n><p:z>%s</p:z></p:p>\n", i%999, i, strings.Repeat("Name ", i%20))
	}
	b.WriteString("</p:l>\n")
	text := b.String()
	one, reported := job(t, rule(""), text, 1)
	many, _ := job(t, rule(""), text, 5)
	whole, _ := job(t, rule("'../../x', "), text, 2)
	byWalker, err := maskOne(t, rule(""), text)
	if err != nil {
		t.Fatal(err)
	}
	if one != many || one != whole || one != byWalker || reported != "" {
		t.Errorf("blocks change the output (%s)", reported)
	}
	if n := strings.Count(one, "<c:p id='") + strings.Count(one, `<c:p id="`); n != 15000 || strings.Contains(one, "Name ") || strings.Contains(one, "p:") {
		t.Errorf("%d elements", n)
	}
}
