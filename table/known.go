package table

import (
	"bytes"
	"slices"
	"strconv"

	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/text"
)

// knownRow assembles what is known about the people of a row. It caches the last result,
// since several texts of a row, and the rows of one person, follow one another.
type knownRow struct {
	masking *Masking
	values  []byte
	known   *text.Known
}

// nobody is the result if a rule names no columns.
var nobody = new(text.KnownBuilder).Build()

// of returns what the row, in values of m.Names(), and its related rows contain about
// people. It returns nil if either is unavailable: then a text is removed.
func (k *knownRow) of(m *Masking, values [][]byte) *text.Known {
	if len(m.Known) == 0 && len(m.Related) == 0 {
		return nobody
	}
	if len(values) != neighbours+len(m.Known)+len(m.Related) {
		return nil
	}
	values = values[neighbours:]
	if k.masking == m && k.same(values) {
		return k.known
	}
	var b text.KnownBuilder
	k.values, k.masking = k.values[:0], nil
	for _, v := range values {
		k.values = appendSized(k.values, v)
	}
	addColumns(&b, m.Known, values)
	for i := range m.Related {
		if !m.Related[i].addKnown(&b, values[len(m.Known)+i]) {
			return nil
		}
	}
	k.masking, k.known = m, b.Build()
	return k.known
}

// appendSized appends a value with its length before it, so that different rows give
// different texts.
func appendSized(dst, value []byte) []byte {
	dst = append(strconv.AppendInt(dst, int64(len(value)), 10), ' ')
	return append(dst, value...)
}

// addColumns adds what columns contain about people.
func addColumns(b *text.KnownBuilder, columns []ruleset.KnownColumn, values [][]byte) {
	for i, column := range columns {
		addKnown(b, column.Kind, string(bytes.TrimSpace(values[i])))
	}
	addPersons(b, columns, values)
}

// addPersons adds names whose parts are in separate columns. The first given name belongs
// to the first family name, and so on; a single family name belongs to all given names.
func addPersons(b *text.KnownBuilder, columns []ruleset.KnownColumn, values [][]byte) {
	var given, family []string
	for i, column := range columns {
		switch value := string(bytes.TrimSpace(values[i])); column.Kind {
		case "given":
			given = append(given, value)
		case "family":
			family = append(family, value)
		}
	}
	if len(family) <= 1 {
		family = append(family, "")
		if len(given) > 0 || family[0] != "" {
			b.AddPerson(slices.DeleteFunc(given, func(g string) bool { return g == "" }), family[0])
		}
		return
	}
	for i := range max(len(given), len(family)) {
		var first []string
		last := ""
		if i < len(given) && given[i] != "" {
			first = given[i : i+1]
		}
		if i < len(family) {
			last = family[i]
		}
		if first != nil || last != "" {
			b.AddPerson(first, last)
		}
	}
}

// parts are the kinds of known values by their names in rules.
var parts = map[string]string{"urls": text.PartURL, "streets": text.PartStreet, "cities": text.PartCity, "birthDates": text.PartLife}

// same reports whether values are those of the previous row.
func (k *knownRow) same(values [][]byte) bool {
	rest := k.values
	var number [20]byte
	for _, v := range values {
		for _, part := range [2][]byte{append(strconv.AppendInt(number[:0], int64(len(v)), 10), ' '), v} {
			if !bytes.HasPrefix(rest, part) {
				return false
			}
			rest = rest[len(part):]
		}
	}
	return len(rest) == 0
}

// addKnown adds a value of a column of a kind.
func addKnown(b *text.KnownBuilder, kind, value string) {
	if value == "" {
		return
	}
	b.Of("", parts[kind])
	defer b.Of("", "")
	switch kind {
	case "given", "family": // addPersons
	case "names":
		b.AddName(value)
	case "ids":
		b.AddID(value)
	case "phones":
		b.AddPhone(value)
	case "emails", "urls":
		b.AddEmail(value)
	case "addresses", "streets", "cities":
		b.AddAddress(value)
	case "organizations":
		b.AddOrg(value)
	case "dates", "birthDates":
		if !b.AddISODate(value) {
			b.AddOther(value)
		}
	default:
		b.AddOther(value)
	}
}
