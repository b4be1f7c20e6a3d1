package json

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/documenttest"
	"github.com/veil-proxy/veil/mask"
)

const marker = "MARKERofAPatient"

// leaky has rules of every kind. None keeps a marker.
var leaky = rules(
	"match: $.a.b, method: keep",
	"match: '$.list[*].x', method: pseudonym",
	"match: '$.list[*].y', method: fixed, value: y, where: {path: t, equals: q}",
	"match: '$.byPatient.*.n', method: surrogate, kind: family, entity: id, keys: {method: pseudonym, domain: k}",
	"match: $..s, method: date, mode: shift, entity: ../id",
	"match: '$.tags', method: characters, keepLast: 2",
	"match: '$[''odd key'']', method: year",
	"match: '$.n*', method: round, to: 10, keys: remove",
	"match: $.m.k, method: imitate, kind: ssn",
)

// TestMaskingLeavesNoMarker plants a marker in every name and value of documents, in the
// ways in which JSON can write it.
func TestMaskingLeavesNoMarker(t *testing.T) {
	t.Parallel()
	escaped := ""
	for _, c := range marker {
		escaped += fmt.Sprintf(`\u%04x`, c)
	}
	number := "918273645546372819"
	plan := documenttest.Plan(t, leaky)
	pass := mask.NewPass(plan.Actions)
	w := NewWalker(plan, pass)
	maskOne := func(src string) (string, error) {
		out, err := w.Append(nil, []byte(src))
		return string(out), err
	}
	for _, planted := range []string{marker, escaped} {
		s := `"` + planted + `"`
		values := []string{s, number, "-" + number + ".5e3", `[` + s + `,{` + s + `:` + s + `}]`, `{` + s + `:1,"b":` + s + `,"x":` + number + `}`, strings.Repeat("[", 150) + s + strings.Repeat("]", 150)}
		for _, v := range values {
			if strings.Contains(v, "{") || strings.Contains(v, "[") {
				v = strings.ReplaceAll(v, `"b":`, `"c":`)
			}
			src := `{` + s + `:` + v + `,"a":{"c":` + v + `,` + s + `:1},"list":[` + v + `,{"x":` + s + `,"y":` + v + `,"z":` + v + `},{"t":"q","y":` + s + `}],
				"byPatient":{` + s + `:{"id":` + s + `,"n":` + s + `,"o":` + v + `}},"s":` + s + `,"id":` + s + `,"x":{"s":` + v + `,` + s + `:{"s":` + s + `}},
				"odd key":` + s + `,"n` + planted + `":` + v + `,"m":{"k":` + s + `}}`
			out, err := maskOne(src)
			if err != nil {
				t.Fatalf("%v\n%s", err, src)
			}
			holds(t, out)
			// Broken in every place: errors hold no value either.
			for i := range src {
				out, err := maskOne(src[:i])
				if err == nil {
					t.Fatalf("%s is taken", src[:i])
				}
				holds(t, out+err.Error())
			}
		}
	}
	out, err := maskOne(`{"tags":["` + marker + `"],"list":[{"x":` + number + `}],"byPatient":{"` + marker + `":{"n":"` + marker + `","n":"` + marker + `"}}}`)
	if err == nil {
		t.Errorf("a member given twice: %s", out)
	} else {
		holds(t, err.Error())
	}
}

// holds fails if a text has a marker, however it is written.
func holds(t *testing.T, text string) {
	t.Helper()
	var compact bytes.Buffer
	var v any
	if json.Unmarshal([]byte(text), &v) == nil {
		_ = json.NewEncoder(&compact).Encode(v)
	}
	for _, s := range []string{text, compact.String()} {
		if strings.Contains(s, marker) || strings.Contains(s, `\u004d\u0041`) || strings.Contains(s, "918273645546372819") || strings.Contains(s, "9.18273645546372") {
			t.Fatalf("a marker passes: %s", s)
		}
	}
}

// FuzzKeepAll: under rules that keep everything every document comes out as it is, and
// what is not JSON is refused.
func FuzzKeepAll(f *testing.F) {
	for _, s := range []string{`{"a":[1,{"b":null}],"":"x"}`, " [ ] ", `{"a":1,"a":2}`, `"\ud83d\ude00"`, `{"\u0061":{"b":{}}}`, "[1e5,-0.0]"} {
		f.Add([]byte(s))
	}
	plan := documenttest.Plan(f, rules("match: [$, $..*], method: keep, keys: keep"))
	w := NewWalker(plan, mask.NewPass(plan.Actions))
	f.Fuzz(func(t *testing.T, src []byte) {
		out, err := w.Append([]byte("x"), src)
		if err == nil && (string(out) != "x"+string(src) || !json.Valid(src)) {
			t.Errorf("%q becomes %q", src, out)
		}
		if err != nil && string(out) != "x" {
			t.Errorf("%q leaves %q", src, out)
		}
	})
}

// FuzzWalker: what comes out is JSON, and every name and value in it is one that a rule
// lets be there.
func FuzzWalker(f *testing.F) {
	for _, s := range []string{
		`{"a":{"b":1,"c":2},"list":[{"x":1,"z":2},[{"x":3}],{"x":{"x":4}}]}`, `{"p":{"q":{"s":"x","t":1}},"s":[1,[2]]}`, `[{"s":1}]`,
		`{"a":{"b":["k",{"b":1}]},"list":{"x":1}}`, `{"m":{"k1":{"v":1},"k2":{}}}`,
	} {
		f.Add([]byte(s))
	}
	plan := documenttest.Plan(f, rules("match: $.a.b, method: keep", "match: '$.list[*].x', method: fixed, value: F", "match: $..s, method: fixed, value: S", "match: '$.m.*.v', method: keep, keys: {method: pseudonym, shape: hex, length: 32}"))
	w := NewWalker(plan, mask.NewPass(plan.Actions))
	f.Fuzz(func(t *testing.T, src []byte) {
		out, err := w.Append(nil, src)
		if err != nil {
			return
		}
		var got, was any
		if !decode(out, &got) || !decode(src, &was) {
			t.Fatalf("%q becomes %q", src, out)
		}
		allowed(t, nil, got, was)
	})
}

// decode reads JSON with its numbers as they are written.
func decode(src []byte, v *any) bool {
	d := json.NewDecoder(bytes.NewReader(src))
	d.UseNumber()
	return d.Decode(v) == nil && json.Valid(src)
}

// allowed judges a value that came out, slowly: the path of it, and what was there.
func allowed(t *testing.T, path []string, got, was any) {
	t.Helper()
	at := strings.Join(path, "/")
	switch g := got.(type) {
	case map[string]any:
		w, _ := was.(map[string]any)
		for name, v := range g {
			before, ok := w[name]
			if !ok && len(path) == 1 && path[0] == "m" && len(name) == 32 {
				// A name of its own: the value is one of those that were there.
				for _, o := range w {
					if inner, ok := o.(map[string]any); ok && fmt.Sprint(inner["v"]) == fmt.Sprint(v.(map[string]any)["v"]) {
						before, ok = o, true
						_ = ok
					}
				}
				allowed(t, append(path, "*"), v, before)
				continue
			}
			if !ok || !strings.Contains(" a b list x s m v ", " "+name+" ") {
				t.Fatalf("the name of %s passes", at)
			}
			allowed(t, append(path, name), v, before)
		}
	case []any:
		w, _ := was.([]any)
		if len(w) != len(g) && (len(path) > 0 || len(g) > 0) {
			t.Fatalf("%s has another length", at)
		}
		for i, v := range g {
			allowed(t, append(path, "#"), v, w[i])
		}
	case nil:
	default:
		last := ""
		for i := len(path) - 1; i >= 0 && last == ""; i-- {
			if path[i] != "#" {
				last = path[i]
			}
		}
		whole := strings.TrimRight(at, "/#")
		switch {
		case last == "s" && got == "S", strings.HasPrefix(at, "list/#/x") && got == "F":
		case (whole == "a/b" || whole == "m/*/v") && fmt.Sprint(got) == fmt.Sprint(was):
		default:
			t.Fatalf("%v passes at %s", got, at)
		}
	}
}
