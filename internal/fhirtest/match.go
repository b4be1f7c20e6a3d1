package fhirtest

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// indexed is one value of a search parameter in one resource.
type indexed struct {
	// system and text are a token's; text alone is a string, a URI or the
	// Type/id of a reference.
	system, text string
	// from and to bound a date, in Unix nanoseconds; to is not part of it.
	from, to int64
}

// index turns an element into what a parameter of a type compares.
func index(typ paramType, v any) []indexed {
	switch typ {
	case stringParam, uriParam:
		if s, ok := v.(string); ok {
			return []indexed{{text: s}}
		}
	case tokenParam:
		return indexToken(v)
	case referenceParam:
		if o, ok := v.(map[string]any); ok {
			if s, ok := o["reference"].(string); ok {
				return []indexed{{text: localReference(s, Base)}}
			}
		}
	case dateParam:
		switch v := v.(type) {
		case string:
			if from, to, err := dateRange(v); err == nil {
				return []indexed{{from: from, to: to}}
			}
		case map[string]any: // a Period
			p := indexed{from: math.MinInt64, to: math.MaxInt64}
			if s, ok := v["start"].(string); ok {
				p.from, _, _ = dateRange(s)
			}
			if s, ok := v["end"].(string); ok {
				_, p.to, _ = dateRange(s)
			}
			return []indexed{p}
		}
	}
	return nil
}

// indexToken reads a code, a boolean, a Coding, a CodeableConcept, an
// Identifier or a ContactPoint.
func indexToken(v any) []indexed {
	switch v := v.(type) {
	case string:
		return []indexed{{text: v}}
	case bool:
		return []indexed{{text: fmt.Sprint(v)}}
	case map[string]any:
		if codings, ok := v["coding"].([]any); ok {
			var list []indexed
			for _, c := range codings {
				list = append(list, indexToken(c)...)
			}
			return list
		}
		system, _ := v["system"].(string)
		for _, name := range []string{"code", "value"} {
			if s, ok := v[name].(string); ok {
				return []indexed{{system: system, text: s}}
			}
		}
	}
	return nil
}

// localReference cuts a base address and a version off a reference.
func localReference(s, base string) string {
	s = strings.TrimPrefix(s, base+"/")
	s, _, _ = strings.Cut(s, "/_history/")
	return s
}

// dateRange reads a FHIR date, dateTime or instant as the span of time that
// it stands for. A date without an offset is in UTC.
func dateRange(s string) (from, to int64, err error) {
	for _, f := range []struct {
		layout string
		next   func(time.Time) time.Time
	}{
		{"2006", func(t time.Time) time.Time { return t.AddDate(1, 0, 0) }},
		{"2006-01", func(t time.Time) time.Time { return t.AddDate(0, 1, 0) }},
		{"2006-01-02", func(t time.Time) time.Time { return t.AddDate(0, 0, 1) }},
		{"2006-01-02T15:04Z07:00", func(t time.Time) time.Time { return t.Add(time.Minute) }},
		{"2006-01-02T15:04", func(t time.Time) time.Time { return t.Add(time.Minute) }},
		{"2006-01-02T15:04:05Z07:00", func(t time.Time) time.Time { return t.Add(time.Second) }},
		{"2006-01-02T15:04:05", func(t time.Time) time.Time { return t.Add(time.Second) }},
	} {
		if t, err := time.Parse(f.layout, s); err == nil {
			return t.UnixNano(), f.next(t).UnixNano(), nil
		}
	}
	return 0, 0, fmt.Errorf("%q is not a date", s)
}

// test is a compiled parameter: it reports whether a resource's values fit.
type test func(values []indexed) bool

// compile makes a test of a parameter's values, of which one must fit. The
// error repeats the value: that is how careless servers are.
func compile(p param, modifier, value, base string) (test, error) {
	if modifier == "missing" {
		if value != "true" && value != "false" {
			return nil, fmt.Errorf("invalid value %q for %s:missing", value, p.name)
		}
		return func(values []indexed) bool { return (len(values) == 0) == (value == "true") }, nil
	}
	var fits []func(indexed) bool
	for _, v := range splitValues(value) {
		fit, err := compileOne(p, modifier, v, base)
		if err != nil {
			return nil, err
		}
		fits = append(fits, fit)
	}
	found := func(values []indexed) bool {
		for _, v := range values {
			for _, fit := range fits {
				if fit(v) {
					return true
				}
			}
		}
		return false
	}
	if modifier == "not" {
		return func(values []indexed) bool { return !found(values) }, nil
	}
	return found, nil
}

func compileOne(p param, modifier, value, base string) (func(indexed) bool, error) {
	unsupported := fmt.Errorf("modifier %q is not supported for parameter %s with value %q", modifier, p.name, value)
	switch p.typ {
	case stringParam:
		lower := strings.ToLower(value)
		switch modifier {
		case "":
			return func(v indexed) bool { return strings.HasPrefix(strings.ToLower(v.text), lower) }, nil
		case "contains":
			return func(v indexed) bool { return strings.Contains(strings.ToLower(v.text), lower) }, nil
		case "exact":
			return func(v indexed) bool { return v.text == value }, nil
		}
	case uriParam:
		if modifier == "" {
			return func(v indexed) bool { return v.text == value }, nil
		}
	case tokenParam:
		if modifier == "" || modifier == "not" {
			system, code, both := strings.Cut(value, "|")
			if !both {
				return func(v indexed) bool { return v.text == value }, nil
			}
			return func(v indexed) bool { return v.system == system && (code == "" || v.text == code) }, nil
		}
	case referenceParam:
		want := localReference(value, base)
		if modifier != "" {
			if _, known := written[modifier]; !known {
				return nil, unsupported
			}
			want = modifier + "/" + want
		}
		if strings.Contains(want, "/") {
			return func(v indexed) bool { return v.text == want }, nil
		}
		return func(v indexed) bool { return strings.HasSuffix(v.text, "/"+want) }, nil
	case dateParam:
		if modifier == "" {
			return compileDate(p, value)
		}
	}
	return nil, unsupported
}

// compileDate reads a date with its prefix (FHIR R4, 3.1.1.4.5, 3.1.1.4.8).
func compileDate(p param, value string) (func(indexed) bool, error) {
	prefix, date := "eq", value
	if len(value) > 2 && value[0] >= 'a' && value[0] <= 'z' {
		prefix, date = value[:2], value[2:]
	}
	from, to, err := dateRange(date)
	if err != nil {
		return nil, fmt.Errorf("invalid date %q for parameter %s", value, p.name)
	}
	within := func(v indexed) bool { return from <= v.from && v.to <= to }
	switch prefix {
	case "eq":
		return within, nil
	case "ne":
		return func(v indexed) bool { return !within(v) }, nil
	case "gt":
		return func(v indexed) bool { return v.to > to }, nil
	case "lt":
		return func(v indexed) bool { return v.from < from }, nil
	case "ge":
		return func(v indexed) bool { return v.to > to || within(v) }, nil
	case "le":
		return func(v indexed) bool { return v.from < from || within(v) }, nil
	case "sa":
		return func(v indexed) bool { return v.from >= to }, nil
	case "eb":
		return func(v indexed) bool { return v.to <= from }, nil
	case "ap":
		return func(v indexed) bool { return v.from < to && from < v.to }, nil
	}
	return nil, fmt.Errorf("invalid prefix in %q for parameter %s", value, p.name)
}

// splitValues splits at commas that no backslash stands before.
func splitValues(s string) []string {
	var list []string
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			i++
			b.WriteByte(s[i])
		case s[i] == ',':
			list = append(list, b.String())
			b.Reset()
		default:
			b.WriteByte(s[i])
		}
	}
	return append(list, b.String())
}
