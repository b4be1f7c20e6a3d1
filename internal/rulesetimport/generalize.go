package rulesetimport

import (
	"bytes"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"

	"github.com/veil-proxy/veil/internal/lazyregexp"
	"github.com/veil-proxy/veil/mask"
)

// cases are the cases of Microsoft's generalize in their order: the first condition that
// holds decides.
type cases []struct{ condition, result string }

// UnmarshalJSON implements json.Unmarshaler.
func (c *cases) UnmarshalJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		var m map[string]string
		return json.Unmarshal(text, &m) // null, or an error value
	}
	for d.More() {
		var one struct{ condition, result string }
		key, err := d.Token()
		if err != nil {
			return err
		}
		one.condition, _ = key.(string)
		if err := d.Decode(&one.result); err != nil {
			return err
		}
		*c = append(*c, one)
	}
	return nil
}

const value = `'[^'\\]*'|-?[0-9]+(?:\.[0-9]+)?`

var (
	oneValue  = lazyregexp.New(`^\$this\s*=\s*(` + value + `)$`)
	ofValues  = lazyregexp.New(`^\$this\s+in\s*\(\s*((?:` + value + `)(?:\s*\|\s*(?:` + value + `))*)\s*\)$`)
	anOr      = regexp.MustCompile(`\s+or\s+`)
	multiples = lazyregexp.New(`^\(?\s*\$this\s+div\s+([0-9]+)\s*\)?\s*\*\s*([0-9]+)$`)
	beginning = lazyregexp.New(`^\$this\.[sS]ub[sS]tring\(\s*0\s*,\s*([0-9]+)\s*\)$`)
)

// generalized returns the method that does what cases do. what describes the difference.
func (r *microsoftRule) generalized() (name string, args mask.Args, what string) {
	if len(r.Cases) == 1 && r.Cases[0].condition == "true" {
		result := strings.TrimSpace(r.Cases[0].result)
		if m := multiples().FindStringSubmatch(result); m != nil && m[1] == m[2] && m[1] != "0" {
			return "bucket", mask.Args{"width": m[1]}, ""
		}
		if m := beginning().FindStringSubmatch(result); m != nil {
			if n, err := strconv.ParseInt(m[1], 10, 32); err == nil && n > 0 {
				return "substring", mask.Args{"length": n}, ""
			}
		}
	}
	groups := map[string]string{}
	for _, c := range r.Cases {
		result, ok := constant(strings.TrimSpace(c.result))
		values, listed := listedValues(c.condition)
		if !ok || !listed {
			return "remove", nil, "removed: a case is an expression that generalize does not have; write bands, buckets or cases of values"
		}
		for _, v := range values {
			if _, before := groups[v]; !before {
				groups[v] = result
			}
		}
	}
	if len(groups) == 0 {
		return "remove", nil, "removed: generalize has no cases"
	}
	if strings.EqualFold(r.OtherValues, "keep") {
		what = "values that no case lists are removed, not kept"
	}
	return "generalize", mask.Args{"cases": groups}, what
}

// listedValues returns the values of a condition that only lists values.
func listedValues(condition string) (values []string, ok bool) {
	for _, part := range anOr.Split(strings.TrimSpace(condition), -1) {
		if m := oneValue().FindStringSubmatch(part); m != nil {
			v, _ := constant(m[1])
			values = append(values, v)
			continue
		}
		m := ofValues().FindStringSubmatch(part)
		if m == nil {
			return nil, false
		}
		for text := range strings.SplitSeq(m[1], "|") {
			v, ok := constant(strings.TrimSpace(text))
			if !ok { // a | in a string
				return nil, false
			}
			values = append(values, v)
		}
	}
	return values, true
}

var isConstant = lazyregexp.New(`^(?:` + value + `)$`)

// constant returns the text of a FHIRPath string or number.
func constant(expression string) (string, bool) {
	if !isConstant().MatchString(expression) {
		return "", false
	}
	return strings.Trim(expression, "'"), true
}
