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

// maskOne masks a document by a section.
func maskOne(t testing.TB, section, src string) (string, error) {
	t.Helper()
	p := documenttest.Plan(t, section)
	pass := mask.NewPass(p.Actions)
	pass.Begin(mask.Origin{})
	out, err := NewWalker(p, pass).Append(nil, []byte(src))
	if err == nil {
		checkWellFormed(t, src, string(out))
	}
	return string(out), err
}

// checkWellFormed lets encoding/xml read a masked document.
func checkWellFormed(t testing.TB, src, out string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(out))
	for {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatalf("%q becomes %q: %v", src, out, err)
		}
	}
}

// rules writes a list of rules, each the members behind its id.
func rules(list ...string) string {
	var b strings.Builder
	b.WriteString("  namespaces: {c: 'urn:c', e: 'urn:e'}\n  rules:\n")
	for i, r := range list {
		b.WriteString("    - {id: r" + string(rune('a'+i)) + ", " + r + "}\n")
	}
	return b.String()
}

func TestWalker(t *testing.T) {
	t.Parallel()
	all := rules("match: ['//*', '//@*', '//@c:*', '//@xsi:*'], method: keep, keys: keep")
	for _, c := range []struct{ name, section, src, want string }{
		{"what no rule covers goes", rules("match: /a/b, method: keep"), `<a x="1"><b>2</b><c>3</c>4<b y="5"/></a>`, `<a><b>2</b></a>`},
		{"space stays", rules("match: [/a/b, /a/@x], method: keep"), "<?xml version=\"1.0\"?>\n<a  x = '1' >\n  <z/>\n  <b >2</b >\n  <z/>\n</a >\n", "<?xml version=\"1.0\"?>\n<a  x = '1' >\n  <b >2</b >\n</a >\n"},
		{"nothing is left", rules("match: /a/b, method: keep"), `<a><c/></a>`, `<a></a>`},
		{"empty stays", rules("match: [/a/b, /a/c/@x], method: keep"), `<a><b/><b> </b><c/><c y="1"/></a>`, `<a><b/><b> </b><c/></a>`},
		{"attributes alone", rules("match: /a/b/@x, method: keep"), `<a><b x="1">2</b><b y="1">2</b></a>`, `<a><b x="1"></b></a>`},
		{"all", all, `<a x='1'>t<b y="2"/><![CDATA[<x>]]>&amp;&#233;</a>`, `<a x='1'>t<b y="2"/><![CDATA[<x>]]>&amp;&#233;</a>`},
		{"comments go, and what they part is one value", rules("match: /a, method: fixed, value: x"), `<!--k--><a>1<!--k-->2<?k k?>3</a><?k?>`, `<a>x</a>`},
		{"comments go from what is kept", all, `<a>1<!--Smith-->2<b><?php Smith?></b></a>`, `<a>12<b></b></a>`},
		{"a comment between elements", all, "<a>\n <!-- Smith -->\n <b/></a>", "<a>\n \n <b/></a>"},
		{"text of an element and of its own", rules("match: /a, method: fixed, value: x", "match: /a/text(), method: fixed, value: y"), `<a>1</a>`, `<a>y</a>`},
		{"mixed content", rules("match: [/a, /a/b], method: keep"), `<a>1<b>2</b>3<c>4</c>5</a>`, `<a>1<b>2</b>35</a>`},
		{"an element that goes with all", rules("match: /a/b, method: remove", "match: /a/c/d, method: keep"), `<a><b><d>1</d></b><c><d>1</d></c></a>`, `<a><c><d>1</d></c></a>`},
		{"a root that goes", rules("match: /a, method: remove"), `<a x="1">2</a>`, `<a></a>`},
		{"escaping", rules("match: [/a, /a/@x], method: fixed, value: '<&>\"'"), `<a x='1'>1</a>`, `<a x="&lt;&amp;&gt;&#34;">&lt;&amp;&gt;&#34;</a>`},
		{"default namespace", rules("match: /a/b, method: keep"), `<a xmlns="urn:c"><b>1</b></a>`, `<a xmlns="urn:c"><b>1</b></a>`},
		{"prefixes become those of the rules", rules("match: ['/c:a/c:b', '/c:a/@e:x'], method: keep"), `<Smith:a xmlns:Smith='urn:c' xmlns:z="urn:c" xmlns:q="urn:e" xmlns:u="urn:u" q:x="1"><z:b>1</z:b></Smith:a>`, `<c:a xmlns:c='urn:c' xmlns:e="urn:e" e:x="1"><c:b>1</c:b></c:a>`},
		{"other namespaces", rules("match: /a/b, method: keep"), `<a xmlns:u="urn:u"><u:b>1</u:b><b xmlns="urn:u">1</b><b xmlns="">1</b></a>`, `<a><b xmlns="">1</b></a>`},
		{"a prefix is exact", rules("match: '/c:a/c:b', method: keep"), `<c:a xmlns:c="urn:c"><c:b>1</c:b><b>1</b></c:a>`, `<c:a xmlns:c="urn:c"><c:b>1</c:b></c:a>`},
		{"attributes of namespaces", rules("match: ['//@*', /a], method: keep, keys: keep"), `<a x="1" xml:lang="en" xml:base="http://Smith" xsi:schemaLocation="Smith" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/>`, `<a x="1" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/>`},
		{"attributes of known namespaces", rules("match: ['/a/@xml:lang', '/a/@xsi:nil'], method: keep"), `<a xml:lang="en" i:nil="true" xmlns:i="http://www.w3.org/2001/XMLSchema-instance"/>`, `<a xml:lang="en" xsi:nil="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"/>`},
		{"conditions", rules("match: '/l/o/v', method: keep, where: {path: '@t', equals: A}"), `<l><o t="A"><v>1</v></o><o t="B"><v>1</v></o><o><t>A</t><v>1</v></o></l>`, `<l><o><v>1</v></o></l>`},
		{"conditions on elements", rules("match: '/l/o/v/@x', method: keep, where: {path: ../t, equals: A}"), `<l><o><v x="1"/><t>A</t></o><o><v x="1"/><t>A</t><t>A</t></o></l>`, `<l><o><v x="1"/></o></l>`},
		{"from the root", rules("match: '/l/o/v', method: keep, where: {path: /l/@t, equals: A}"), `<l t="A"><o><v>1</v></o></l>`, `<l><o><v>1</v></o></l>`},
		{"descendants", rules("match: //s, method: remove", "match: '//*', method: keep, keys: keep"), `<a><b><s>1</s>2</b></a>`, `<a><b>2</b></a>`},
		{"patterns", rules("match: /a/x*, method: keep, keys: keep"), `<a><x1>1</x1><y1>1</y1></a>`, `<a><x1>1</x1></a>`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := maskOne(t, c.section, c.src)
			if err != nil || got != c.want {
				t.Errorf("%s\n becomes %s (%v)\n    want %s", c.src, got, err, c.want)
			}
		})
	}
}

func TestWalkerMistakes(t *testing.T) {
	t.Parallel()
	section := rules("match: ['//*', '//@*'], method: keep, keys: keep")
	laughs := `<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;">]><a>&y;</a>`
	for _, c := range []struct{ src, want string }{
		{``, "expected an element"},
		{`x`, "unexpected text outside"},
		{`<a>`, "unexpected end of input"},
		{`<a></b>`, "end tag is not that of the open element"},
		{`<a><b></a></b>`, "end tag is not that of the open element"},
		{`<a/><b/>`, "after the root element"},
		{`<a/>x`, "outside of the root element"},
		{laughs, "declarations are refused"},
		{`<!DOCTYPE a SYSTEM "http://x"><a/>`, "declarations are refused"},
		{`<a>&x;</a>`, "not well-formed"},
		{`<a>&#0;</a>`, "not well-formed"},
		{`<a x="1" x="2"/>`, "an attribute is given twice"},
		{`<a xmlns:p="urn:c" xmlns:q="urn:c" p:x="1" q:x="2"/>`, "an attribute is given twice"},
		{`<p:a/>`, "prefix"},
		{`<a p:x="1"/>`, "prefix"},
		{`<a xmlns:p=""/>`, "cannot be declared"},
		{`<a xmlns:xml="urn:x"/>`, "cannot be declared"},
		{`<xmlns:a/>`, "prefix"},
		{`<a:b:c xmlns:a="urn:c"/>`, "e"},
		{`<a x=1/>`, "not well-formed"},
		{`<a x="<"/>`, "not well-formed"},
		{`<a>]]></a>`, "not well-formed"},
		{"<a>\x01</a>", "not well-formed"},
		{"<a>\xff</a>", "not UTF-8"},
		{`<?xml version="1.0" encoding="ISO-8859-1"?><a/>`, "UTF-8"},
		{`<?xml version="1.1"?><a/>`, "version 1.0"},
		{`<a><?xml version="1.0"?></a>`, "only at the start"},
		{`<a><!-- -- --></a>`, "not well-formed"},
		{strings.Repeat("<a>", 300), "nested too deep"},
		{`<z xmlns="urn:unknown"/>`, "no rule names the root element"},
	} {
		got, err := maskOne(t, section, c.src)
		if err == nil || !strings.Contains(err.Error(), c.want) || got != "" {
			t.Errorf("%.80q: got %q, %v; want %q", c.src, got, err, c.want)
		}
	}
}
