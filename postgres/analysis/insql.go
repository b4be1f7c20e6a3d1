package analysis

import (
	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// Keyed columns that SQL can mask as well: shifted dates, noise, and pseudonyms in the
// shapes that a keyed hash is written in. Where a statement does no more than select such a
// column, computes inside one person (dated.go), or compares and groups values of one
// class, it is keyed, which costs PostgreSQL no hash. Where it does anything else, it is
// computed: an expression like that of a pushed-down column, over a keyed hash of the row's
// person or of the value. Everything that PostgreSQL does then, it does with masked values.

// computed is a keyed column that SQL masks.
func (c *shapeColumn) computed() *shapeColumn {
	own := *c.keying.inSQL
	own.Attribute = c.Attribute
	return &own
}

// computable adds the SQL form of a keyed column's masked value, if there is one.
func (d *columnRule) computable(s *keying) {
	own := *d.column
	own.treatment, own.keying, own.shown = Pushed, nil, s.shown
	ok := false
	switch f := d.rule.Form.(type) {
	case forms.Shift:
		ok = s.shifts && d.shift(f, s, &own)
	case forms.Noise:
		ok = catalog.IsNumber(d.typ.OID) && d.noise(f, s, &own)
	case forms.Pseudonym:
		ok = inSQLShapes[f.Shape] && d.hashed(f, s, &own)
	}
	if ok {
		s.inSQL = &own
	}
}

// person returns the text of the column that names the person a row is about. ok is false
// where the text depends on the session.
func (d *columnRule) person(name string) (text string, ok bool) {
	a := d.relation.Column(name)
	if a == nil {
		return "", false
	}
	t := d.catalog.Base(a.Type)
	return catalog.QuoteIdent(name) + "::pg_catalog.text", t != nil && fixedText(t)
}

// ofColumn returns the keying of the column that s, or the original of s, belongs to.
func (s *keying) ofColumn() *keying {
	if s.original != nil {
		return s.original
	}
	return s
}
