package rows

import (
	"crypto/md5" //nolint:gosec // SQL's md5 of masked values, which protects nothing
	"encoding/hex"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Step computes a value: that of a part, or a function of other steps.
type Step struct {
	Part     int
	Function string
	Of       []*Step
	// Numbers and Text are the constant arguments of the function.
	Numbers []int
	Text    string
}

func (s *Step) same(o *Step) bool {
	return s.Part == o.Part && s.Function == o.Function && s.Text == o.Text && slices.Equal(s.Numbers, o.Numbers) && slices.EqualFunc(s.Of, o.Of, (*Step).same)
}

// datum is a text or a list of texts; NULL is neither.
type datum struct {
	text   *string
	list   []*string
	isList bool
}

func textOf(s string) datum { return datum{text: &s} }

// Flags for sorting a list.
const (
	SortDistinct = 1 << iota
	SortDescending
	SortNullsFirst
)

// value is what a step computes.
func (s *Step) value(parts []datum) datum {
	switch s.Function {
	case "":
		return parts[s.Part]
	case "text":
		return textOf(s.Text)
	}
	args := make([]datum, len(s.Of))
	for i, a := range s.Of {
		args[i] = a.value(parts)
	}
	switch s.Function {
	case "coalesce":
		for _, a := range args {
			if a.isList || a.text != nil {
				return a
			}
		}
		return datum{}
	case "list":
		return datum{list: texts(args), isList: true}
	case "concat":
		return textOf(joined("", texts(args)))
	case "concat_ws":
		if args[0].text == nil {
			return datum{}
		}
		return textOf(joined(*args[0].text, texts(args[1:])))
	case "json_array", "json_object", "jsonb_object", "json_member":
		return textOf(s.json(texts(args)))
	}
	if args[0].isList {
		return s.ofList(args[0].list, args[1:])
	}
	given := texts(args)
	if slices.Contains(given, nil) {
		return datum{}
	}
	return textOf(s.ofTexts(given))
}

func texts(args []datum) []*string {
	out := make([]*string, len(args))
	for i, a := range args {
		out[i] = a.text
	}
	return out
}

// ofList applies a function of a list.
func (s *Step) ofList(list []*string, rest []datum) datum {
	switch s.Function {
	case "sort":
		return datum{list: sorted(list, s.Numbers[0]), isList: true}
	case "array":
		return textOf(string(appendArrayOut(nil, list)))
	case "string_agg", "array_to_string":
		between := rest[0].text
		switch {
		case s.Function == "array_to_string" && between == nil,
			s.Function == "string_agg" && !slices.ContainsFunc(list, func(e *string) bool { return e != nil }):
			return datum{}
		case between == nil:
			between = new(string)
		}
		return textOf(joined(*between, list))
	case "cardinality", "array_length":
		if s.Function == "array_length" && len(list) == 0 {
			return datum{}
		}
		return textOf(strconv.Itoa(len(list)))
	case "json": // of each element
		out := make([]*string, len(list))
		for i, e := range list {
			if e != nil {
				quoted := quoteJSON(*e)
				out[i] = &quoted
			}
		}
		return datum{list: out, isList: true}
	case "json_list":
		return textOf(jsonList(list, s.Text))
	case "json_object_list":
		return textOf("{ " + joined(", ", list) + " }")
	case "jsonb_object_list":
		var members []*string
		for _, e := range list {
			if e != nil {
				members = append(members, jsonbMembers(*e)...)
			}
		}
		return textOf(jsonbObject(members))
	}
	return datum{}
}

// ofTexts applies a function of texts that are not NULL.
func (s *Step) ofTexts(args []*string) string {
	switch first := *args[0]; s.Function {
	case "||":
		return first + *args[1]
	case "lower":
		return strings.ToLower(first)
	case "upper":
		return strings.ToUpper(first)
	case "replace":
		if *args[1] == "" {
			return first
		}
		return strings.ReplaceAll(first, *args[1], *args[2])
	case "btrim":
		return strings.Trim(first, " ")
	case "ltrim":
		return strings.TrimLeft(first, " ")
	case "rtrim":
		return strings.TrimRight(first, " ")
	case "left":
		return cut(first, 0, fromEnd(s.Numbers[0], first))
	case "right":
		n := utf8.RuneCountInString(first)
		return cut(first, n-fromEnd(s.Numbers[0], first), n)
	case "substr":
		end := utf8.RuneCountInString(first)
		if len(s.Numbers) > 1 {
			end = min(end, s.Numbers[0]-1+s.Numbers[1])
		}
		return cut(first, s.Numbers[0]-1, end)
	case "length":
		return strconv.Itoa(utf8.RuneCountInString(first))
	case "octet_length":
		return strconv.Itoa(len(first))
	case "md5":
		sum := md5.Sum([]byte(first)) //nolint:gosec // see the import
		return hex.EncodeToString(sum[:])
	case "json":
		return quoteJSON(first)
	case "jsonb_concat":
		return jsonbConcat(first, *args[1])
	}
	return ""
}

// joined returns the texts that are not NULL, joined.
func joined(between string, args []*string) string {
	var all []string
	for _, a := range args {
		if a != nil {
			all = append(all, *a)
		}
	}
	return strings.Join(all, between)
}

// sorted sorts a list by its bytes; NULL is the greatest, as in PostgreSQL.
func sorted(list []*string, how int) []*string {
	compare := func(a, b *string) int {
		if a == nil || b == nil {
			switch {
			case a == b:
				return 0
			case (a == nil) == (how&SortNullsFirst != 0):
				return -1
			}
			return 1
		}
		if how&SortDescending != 0 {
			a, b = b, a
		}
		return strings.Compare(*a, *b)
	}
	out := slices.Clone(list)
	slices.SortStableFunc(out, compare)
	if how&SortDistinct != 0 {
		out = slices.CompactFunc(out, func(a, b *string) bool { return compare(a, b) == 0 })
	}
	return out
}

// fromEnd returns a number of characters; a negative one leaves out that many at the end.
func fromEnd(n int, s string) int {
	if n < 0 {
		n += utf8.RuneCountInString(s)
	}
	return max(n, 0)
}

// cut returns the characters between two positions, both within the text.
func cut(s string, from, to int) string {
	runes := []rune(s)
	from, to = max(from, 0), min(to, len(runes))
	if from >= to {
		return ""
	}
	return string(runes[from:to])
}
