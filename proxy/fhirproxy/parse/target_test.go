package parse

import (
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir/guard"
)

func TestParseTarget(t *testing.T) {
	many := strings.Repeat("&code=x", MaxParams-1)
	for _, c := range []struct {
		name, raw, base string
		segments        []string
		params          []guard.Param
		err             error
	}{
		{name: "root", raw: "/"},
		{name: "base alone", raw: "/fhir", base: "/fhir"},
		{name: "read", raw: "/fhir/Patient/a-1.b", base: "/fhir", segments: []string{"Patient", "a-1.b"}},
		{name: "operation", raw: "/Patient/$everything", segments: []string{"Patient", "$everything"}},
		{name: "search", raw: "/Observation?code=http%3A%2F%2Floinc.org%7C1-8&_count=5", segments: []string{"Observation"}, params: []guard.Param{{Name: "code", Value: "http://loinc.org|1-8"}, {Name: "_count", Value: "5"}}},
		{name: "unescaped bar and slash", raw: "/Observation?code=http://loinc.org|1-8", segments: []string{"Observation"}, params: []guard.Param{{Name: "code", Value: "http://loinc.org|1-8"}}},
		{name: "plus is a space", raw: "/A?b=c+d%2Be", segments: []string{"A"}, params: []guard.Param{{Name: "b", Value: "c d+e"}}},
		{name: "escaped name", raw: "/A?%6eame=x", segments: []string{"A"}, params: []guard.Param{{Name: "name", Value: "x"}}},
		{name: "escaped once only", raw: "/A?b=%2541", segments: []string{"A"}, params: []guard.Param{{Name: "b", Value: "%41"}}},
		{name: "repeated", raw: "/A?b=1&b=2", segments: []string{"A"}, params: []guard.Param{{Name: "b", Value: "1"}, {Name: "b", Value: "2"}}},
		{name: "value without name's sign", raw: "/A?b", segments: []string{"A"}, params: []guard.Param{{Name: "b"}}},
		{name: "question mark in a value", raw: "/A?b=c?d", segments: []string{"A"}, params: []guard.Param{{Name: "b", Value: "c?d"}}},
		{name: "empty query", raw: "/A?", segments: []string{"A"}},
		{name: "as many parameters as may be", raw: "/A?code=x" + many, segments: []string{"A"}, params: repeat(guard.Param{Name: "code", Value: "x"}, MaxParams)},

		{name: "empty", raw: "", err: errTargetForm},
		{name: "absolute form", raw: "http://evil.example/Patient", err: errTargetForm},
		{name: "authority", raw: "//evil.example/Patient", err: errTargetForm},
		{name: "asterisk", raw: "*", err: errTargetForm},
		{name: "outside of the base", raw: "/Patient", base: "/fhir", err: ErrBase},
		{name: "beside the base", raw: "/fhirx/Patient", base: "/fhir", err: ErrBase},
		{name: "base in other case", raw: "/FHIR/Patient", base: "/fhir", err: ErrBase},
		{name: "dot dot", raw: "/Patient/../admin", err: errSegment},
		{name: "dot", raw: "/./Patient", err: errSegment},
		{name: "escaped dots", raw: "/Patient/%2e%2e/x", err: errSegment},
		{name: "escaped slash", raw: "/Patient%2F1", err: errSegment},
		{name: "double slash", raw: "/Patient//1", err: errSegment},
		{name: "slash at the end", raw: "/Patient/", segments: []string{"Patient"}},
		{name: "two slashes at the end", raw: "/Patient//", err: errSegment},
		{name: "escaped operation", raw: "/Patient/1/%24everything", segments: []string{"Patient", "1", "$everything"}},
		{name: "escaped percent sign", raw: "/Patient/%2524everything", err: errSegment},
		{name: "cut escape in the path", raw: "/Patient/%2", err: errSegment},
		{name: "escaped NUL in the path", raw: "/Patient/%00", err: errSegment},
		{name: "ampersand at the end", raw: "/A?b=1&", segments: []string{"A"}, params: []guard.Param{{Name: "b", Value: "1"}}},
		{name: "ampersand alone", raw: "/A?&", segments: []string{"A"}},
		{name: "parameters of a media type", raw: "/A?_format=application/fhir%2Bjson;fhirVersion=4.0", segments: []string{"A"}, params: []guard.Param{{Name: "_format", Value: "application/fhir+json;fhirVersion=4.0"}}},
		{name: "fragment in a media type", raw: "/A?_format=json#x", err: errReserved},
		{name: "path parameter", raw: "/Patient;x=1/2", err: errSegment},
		{name: "back slash", raw: `/Patient\1`, err: errSegment},
		{name: "escaped letter", raw: "/P%61tient", segments: []string{"Patient"}},
		{name: "NUL", raw: "/Patient/\x00", err: errSegment},
		{name: "letter that is not ASCII", raw: "/Patient/é", err: errSegment},
		{name: "long segment", raw: "/Patient/" + strings.Repeat("a", 65), err: errSegment},
		{name: "too many parameters", raw: "/A?code=x&code=x" + many, err: errTooManyParams},
		{name: "ten thousand parameters", raw: "/A?" + strings.Repeat("a=b&", 10_000), err: errTooManyParams},
		{name: "cut escape", raw: "/A?b=%4", err: errEscape},
		{name: "bad escape", raw: "/A?b=%zz", err: errEscape},
		{name: "bad escape in a name", raw: "/A?%=b", err: errEscape},
		{name: "invalid UTF-8", raw: "/A?b=%ff%fe", err: errEscape},
		{name: "overlong slash", raw: "/A?b=%c0%af", err: errEscape},
		{name: "control character", raw: "/A?b=%00", err: errEscape},
		{name: "line feed", raw: "/A?b=c%0d%0aX:y", err: errEscape},
		{name: "semicolon as separator", raw: "/A?b=c;d=e", err: errReserved},
		{name: "fragment", raw: "/A?b=c#d", err: errReserved},
		{name: "no name", raw: "/A?=b", err: errParamName},
		{name: "nothing between ampersands", raw: "/A?a=b&&c=d", err: errParamName},
		{name: "names that differ in case", raw: "/A?code=b&Code=c", err: errParamName},
		{name: "names that differ in escaped case", raw: "/A?code=b&%43ode=c", err: errParamName},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := TargetOf(c.raw, c.base)
			if err != c.err {
				t.Fatalf("error %v, want %v", err, c.err)
			}
			if err == nil && (!reflect.DeepEqual(got.Segments, c.segments) || !reflect.DeepEqual(got.Params, c.params)) {
				t.Errorf("got %q %q", got.Segments, got.Params)
			}
		})
	}
}

func repeat(p guard.Param, n int) []guard.Param {
	var all []guard.Param
	for range n {
		all = append(all, p)
	}
	return all
}

// FuzzParseTarget holds the parser to net/url, which reads what it accepts in
// the same way, and to its promise that what is built of the parts reads as
// them again.
func FuzzParseTarget(f *testing.F) {
	for _, s := range []string{"/Patient/1", "/Observation?code=http%3A%2F%2Floinc.org%7C1-8&_count=5", "/A?b=c+d%2Be", "/%2e%2e/x", "//x", "/A?b=%ff", "/A?a=b;c=d", "/A?a=1&A=2", "http://x/y"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		got, err := TargetOf(raw, "")
		if err != nil {
			return
		}
		u, err := url.ParseRequestURI(raw)
		if err != nil {
			t.Fatalf("net/url refuses %q: %v", raw, err)
		}
		if path := "/" + strings.Join(got.Segments, "/"); strings.TrimSuffix(u.Path, "/") != strings.TrimSuffix(path, "/") || u.Host != "" {
			t.Fatalf("path %q of %q, net/url reads %q", path, raw, u.Path)
		}
		values, err := url.ParseQuery(strings.ReplaceAll(u.RawQuery, ";", "%3B"))
		if err != nil {
			t.Fatalf("net/url refuses the query of %q: %v", raw, err)
		}
		mine := url.Values{}
		for _, p := range got.Params {
			mine[p.Name] = append(mine[p.Name], p.Value)
		}
		if !reflect.DeepEqual(mine, values) {
			t.Fatalf("query of %q: %v, net/url reads %v", raw, mine, values)
		}
		again, err := TargetOf("/"+strings.Join(got.Segments, "/")+string(AppendQuery(nil, got.Params)), "")
		if err != nil || !reflect.DeepEqual(again, got) {
			t.Fatalf("%q is read as %v, what is built of it as %v: %v", raw, got, again, err)
		}
	})
}
