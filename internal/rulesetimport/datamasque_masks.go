package rulesetimport

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/veil-proxy/veil/mask"
)

// cosmetic are the masks that only change how a value is written. In a chain the others
// decide.
var cosmetic = []string{"transform_case", "typecast", "set_checksum"}

// invented are the masks whose results depend neither on the original nor on a key: in
// research data, such values would only be noise.
var invented = []string{"from_random_text", "from_random_number", "from_random_boolean", "from_random_date", "from_random_datetime",
	"from_choices", "from_format_string", "from_unique", "from_blob"}

// maskOf returns the method that does what a chain of masks does. what describes the
// difference.
func maskOf(masks []map[string]any) (method string, args mask.Args, what string) {
	if len(masks) == 1 && textOf(masks[0]["type"]) == "chain" {
		masks = mappings(masks[0]["masks"])
	}
	shaped := len(masks)
	masks = slices.DeleteFunc(slices.Clone(masks), func(m map[string]any) bool { return slices.Contains(cosmetic, textOf(m["type"])) })
	switch len(masks) {
	case 0:
		return "remove", nil, "removed: no mask hides the value"
	case 1:
		method, args, what = oneMask(masks[0])
		if what == "" && shaped > 1 && method != "remove" {
			what = "how the result is written (case, type, check digit) is not carried over"
		}
		return method, args, what
	}
	return "remove", nil, "removed: several masks in a row have no counterpart"
}

// oneMask returns the method that does what one mask does.
func oneMask(m map[string]any) (method string, args mask.Args, what string) {
	const (
		keyed  = "keyed by the value, so that equal values stay equal"
		toYear = "the first day of the year, and no date where it reveals an age over 89"
	)
	switch typ := textOf(m["type"]); typ {
	case "do_nothing":
		return "keep", nil, "passes, as in DataMasque"
	case "from_fixed":
		if m["value"] == nil {
			return "remove", nil, ""
		}
		return "fixed", mask.Args{"value": textOf(m["value"])}, ""
	case "imitate", "imitate_unique", "from_unique_imitate", "substitute", "brazilian_cpf":
		return "pseudonym", mask.Args{"shape": "same", "domain": "imported"}, keyed
	case "imitate_uuid":
		return "pseudonym", mask.Args{"shape": "uuid", "domain": "imported"}, keyed
	case "credit_card":
		return "imitate", mask.Args{"kind": "luhn"}, keyed
	case "social_security_number":
		return "imitate", mask.Args{"kind": "ssn"}, keyed
	case "from_file":
		if kind := seedKind(m); kind != "" {
			return "surrogate", mask.Args{"kind": kind}, "from Veil's own lists, not from the seed file"
		}
		return "remove", nil, "removed: the values of the seed file are not part of a ruleset"
	case "retain_year":
		return "year", nil, toYear
	case "retain_age":
		return "birthYear", nil, toYear
	case "retain_date_component":
		if retains(m, "month") && retains(m, "year") {
			return "date", mask.Args{"mode": "month"}, "the first day of the month, not a random one; months are not Safe Harbor"
		}
		if retains(m, "year") {
			return "year", nil, toYear
		}
		return "remove", nil, "removed: Veil can keep only the year, quarter or month of a date"
	case "numeric_bucket":
		if bands := bandsOf(m["buckets"]); len(bands) > 0 {
			return "generalize", mask.Args{"bands": bands}, "the band itself, not a random number in it; numbers outside all bands are removed"
		}
		return "remove", nil, "removed: expected buckets of whole numbers from 0 on"
	case "take_substring":
		return substringOf(m)
	case "json", "xml":
		return "remove", nil, "removed: write rules for documents, and the method json for the column"
	case "secure_shuffle", "from_column", "from_json_path":
		return "remove", nil, fmt.Sprintf("removed: %s moves original values to other rows", typ)
	case "unstructured_text":
		return "remove", nil, "removed: free text"
	default:
		if slices.Contains(invented, typ) {
			return "remove", nil, "removed: a random value contains no information"
		}
		return "remove", nil, fmt.Sprintf("removed: %q has no counterpart", typ)
	}
}

// seedKind returns the kind of surrogate that resembles the values of a seed file, by the
// names of the file and its column.
func seedKind(m map[string]any) string {
	column, file := strings.ToLower(textOf(m["seed_column"])), strings.ToLower(textOf(m["seed_file"]))
	for _, name := range []string{column, file} {
		for _, k := range [][2]string{
			{"first", "given"}, {"given", "given"}, {"last", "family"}, {"surname", "family"}, {"family", "family"},
			{"email", "email"}, {"compan", "organization"}, {"street", "street"}, {"city", "city"}, {"suburb", "city"}, {"phone", "phone"},
		} {
			if strings.Contains(name, k[0]) {
				return k[1]
			}
		}
	}
	return ""
}

// retains reports whether retain_date_component keeps a part of dates.
func retains(m map[string]any, part string) bool {
	keep, _ := m[part].(bool)
	if list, ok := m["components"].([]any); ok {
		keep = keep || slices.ContainsFunc(list, func(v any) bool { return strings.EqualFold(textOf(v), part) })
	}
	return keep
}

// bandsOf returns the bands between bounds, which must ascend from 0 or more.
func bandsOf(v any) (bands []string) {
	list, _ := v.([]any)
	low := int64(-1)
	for _, e := range list {
		n, err := strconv.ParseInt(textOf(e), 10, 64)
		if err != nil || n <= low || n < 0 {
			return nil
		}
		if low >= 0 {
			bands = append(bands, fmt.Sprintf("%d-%d", low, n-1))
		}
		low = n
	}
	if low < 0 {
		return nil
	}
	return append(bands, fmt.Sprintf("%d+", low))
}

// substringOf returns the method for the part of a text from one index up to another.
func substringOf(m map[string]any) (method string, args mask.Args, what string) {
	from, err := strconv.ParseInt("0"+textOf(m["start_index"]), 10, 32)
	end, err2 := strconv.ParseInt(textOf(m["end_index"]), 10, 32)
	if err != nil || err2 != nil || end <= from {
		return "remove", nil, "removed: expected start_index and end_index, counted from the start"
	}
	args = mask.Args{"length": end - from}
	if from > 0 {
		args["from"] = from
	}
	return "substring", args, ""
}
