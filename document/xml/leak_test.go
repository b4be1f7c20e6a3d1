package xml

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/documenttest"
	"github.com/veil-proxy/veil/mask"
)

const marker = "MARKERofAPatient"

var leaky = rules(
	"match: /a/b, method: fixed, value: B",
	"match: [/a/b/@x, '/a/@c:y'], method: pseudonym",
	"match: /a/l/o, method: surrogate, kind: family, entity: '@id'",
	"match: '//s', method: date, mode: shift, entity: ../id",
	"match: /a/m/text(), method: characters, keepLast: 2",
	"match: /a/n/*, method: fixed, value: N, keys: keep",
	"match: /a/k, method: keep",
)

// TestMaskingLeavesNoMarker plants a marker in every name, prefix, namespace, value,
// comment and instruction.
func TestMaskingLeavesNoMarker(t *testing.T) {
	t.Parallel()
	const m = marker
	src := `<?xml version="1.0"?><!--` + m + `--><?` + m + ` ` + m + `?>
<` + m + `:a xmlns:` + m + `="urn:c" xmlns:u="urn:` + m + `" xmlns:x` + m + `="urn:e" ` + m + `="` + m + `" x` + m + `:y="` + m + `" u:z="` + m + `"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:` + m + ` ` + m + `" xml:base="http://` + m + `" xml:lang="` + m + `" ` + m + `:y="` + m + `">
  ` + m + `<` + m + `:b x="` + m + `" y="` + m + `">` + m + `<!--` + m + `--><![CDATA[` + m + `]]><` + m + `/></` + m + `:b>
  <` + m + `:l ` + m + `=''><` + m + `:o id='` + m + `'>` + m + `</` + m + `:o><u:o>` + m + `</u:o><o xmlns='urn:` + m + `'>` + m + `</o></` + m + `:l>
  <s>` + m + `</s><id>` + m + `</id><z><s>2020-01-01` + m + `</s></z><m>` + m + `&#77;<x>` + m + `</x>` + m + `</m>
  <n><name>` + m + `</name><u:v>` + m + `</u:v></n><k ` + m + `="1">k<?` + m + ` ` + m + `?>&amp;<!-- ` + m + ` -->k<` + m + ` xmlns="urn:c"/></k>
</` + m + `:a><!--` + m + `--><?` + m + `?>`
	out, err := maskOne(t, leaky, src)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(strings.ToLower(out), "marker") || strings.Contains(out, m[:8]) {
		t.Errorf("a marker passes: %s", out)
	}
	if !strings.Contains(out, "<k>k&amp;k</k>") || !strings.Contains(out, "<c:b x=") || !strings.Contains(out, "<name>N</name>") {
		t.Errorf("what a rule keeps is gone: %s", out)
	}
	plan := documenttest.Plan(t, leaky)
	w := NewWalker(plan, mask.NewPass(plan.Actions))
	for i := range src {
		out, err := w.Append(nil, []byte(src[:i]))
		if err == nil && !strings.HasSuffix(src[:i], "?>") && !strings.HasSuffix(src[:i], "-->") && !strings.HasSuffix(src[:i], ":a>") {
			t.Fatalf("%s is taken", src[:i])
		}
		if strings.Contains(string(out), marker) || err != nil && strings.Contains(err.Error(), marker) {
			t.Fatalf("a marker passes: %s, %v", out, err)
		}
	}
}

// tokens are the tokens of a document, with names resolved and text between tags joined,
// without what masking always takes out.
func tokens(src []byte) (out []string, ok bool) {
	d := xml.NewDecoder(strings.NewReader(string(src)))
	text := ""
	flush := func() {
		if text != "" {
			out = append(out, "text "+text)
		}
		text = ""
	}
	for {
		token, err := d.Token()
		switch k := token.(type) {
		case xml.StartElement:
			flush()
			out = append(out, "start "+k.Name.Space+" "+k.Name.Local)
			for _, a := range k.Attr {
				if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
					out = append(out, "attribute "+a.Name.Space+" "+a.Name.Local+"="+a.Value)
				}
			}
		case xml.EndElement:
			flush()
			out = append(out, "end")
		case xml.CharData:
			text += string(k)
		}
		if errors.Is(err, io.EOF) {
			return out, true
		}
		if err != nil {
			return nil, false
		}
	}
}

// FuzzKeepAll: under rules that keep everything a document of no or known namespaces says
// the same as before, and what is not well-formed is refused.
func FuzzKeepAll(f *testing.F) {
	for _, s := range []string{`<a x='1'>t<b/><![CDATA[x]]>&#65;<!-- c --></a>`, `<p:a xmlns:p="urn:c" p:x="1" xmlns="urn:e"><b xmlns=""/></p:a>`, `<a>&lt;&#xD;</a>`, `<a>&#xD;<!-- --> <b/></a>`, "<a b='\n&#10;\"'> <c> </c> </a>\n"} {
		f.Add([]byte(s))
	}
	plan := documenttest.Plan(f, rules("match: ['//*', '//@*', '//@c:*', '//@e:*', '//@xml:*', '//@xsi:*'], method: keep, keys: keep"))
	w := NewWalker(plan, mask.NewPass(plan.Actions))
	f.Fuzz(func(t *testing.T, src []byte) {
		out, err := w.Append([]byte("x"), src)
		if err != nil {
			if string(out) != "x" {
				t.Errorf("%q leaves %q", src, out)
			}
			return
		}
		before, ok := tokens(src)
		after, ok2 := tokens(out[1:])
		if !ok || !ok2 {
			t.Fatalf("%q becomes %q", src, out)
		}
		for _, s := range before {
			if strings.HasPrefix(s, "start ") || strings.HasPrefix(s, "attribute ") {
				space := strings.Fields(s)[1]
				if _, known := plan.Namespaces().Prefix(space); !known && !strings.Contains(s, "  ") {
					return // it goes with its namespace
				}
			}
		}
		if strings.Join(before, "\n") != strings.Join(after, "\n") {
			t.Errorf("%q becomes %q", src, out)
		}
	})
}

// FuzzWalker: what comes out is well-formed, and says nothing that no rule lets be there.
func FuzzWalker(f *testing.F) {
	for _, s := range []string{`<a><b x="1">2</b><c>3</c></a>`, `<p:a xmlns:p="urn:c"><p:b>1<d/></p:b></p:a>`, `<a x="1"><!--c--><z><s>1</s></z>t</a>`, `<a xmlns="urn:q"/>`} {
		f.Add([]byte(s))
	}
	plan := documenttest.Plan(f, rules("match: [/a/b, '//s'], method: fixed, value: V", "match: '//@x', method: fixed, value: W"))
	w := NewWalker(plan, mask.NewPass(plan.Actions))
	f.Fuzz(func(t *testing.T, src []byte) {
		out, err := w.Append(nil, src)
		if err != nil {
			return
		}
		got, ok := tokens(out)
		if !ok {
			t.Fatalf("%q becomes %q", src, out)
		}
		for _, s := range got {
			switch {
			case s == "end", s == "text V", strings.HasPrefix(s, "text ") && strings.Trim(s[5:], " \t\r\n") == "", s == "attribute  x=W":
			case strings.HasPrefix(s, "text ") && strings.Trim(strings.ReplaceAll(s[5:], "V", ""), " \t\r\n") == "":
			case strings.HasPrefix(s, "start ") && strings.Contains(" a b s ", " "+s[strings.LastIndexByte(s, ' ')+1:]+" "):
			default:
				t.Fatalf("%q passes: %q becomes %q", s, src, out)
			}
		}
	})
}
