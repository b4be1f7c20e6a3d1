package analysis

import (
	"strconv"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/forms"
	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/rows"
	"github.com/veil-proxy/veil/table"
)

// maskArray makes a column of arrays keyed: arrays of times are masked in SQL, arrays of
// texts on the wire, and all others are removed.
func (d *columnRule) maskArray(s *keying) {
	c := d.column
	if f, ok := d.rule.Form.(forms.Shift); ok && d.timeArray(d.typ) != nil {
		c.keying = nil
		d.shiftArray(f, s)
		return
	}
	element := d.catalog.Base(d.typ.Element)
	if element == nil || !catalog.IsText(element.OID) {
		c.remove(d.catalog)
		c.keying = nil
		return
	}
	s.Array, s.shown = true, catalog.OIDTextArray
	s.Class = "array of " + s.Class
	s.nulls = true // a removed element is NULL within the array
	if s.Entity != "" {
		s.Prefix = d.policy.rules.Prefix(nameOf(d.relation), s.Entity)
	}
	c.shown = s.shown
}

// mask makes the column keyed: the method is applied on the wire, to the text of the value.
// The guard describes in SQL which values the method would keep, so that the others are
// already NULL upstream. If that cannot be expressed, the column cannot be tested for NULL
// or counted.
func (d *columnRule) mask(def mask.Definition) {
	c, t := d.column, d.typ
	var known []knownRows
	if def.PerKnown {
		var why string
		if known, why = d.knownRowsOf(d.relation, d.rule); why != "" {
			c.remove(d.catalog)
			return
		}
	}
	s := &keying{
		Masking: table.Masking{
			Method: d.method, Action: *c.action, Class: table.Class(d.rule), Neighbours: table.NeighboursOf(d.rule, hasColumn(d.relation)),
			Known: table.KnownOf(d.rule, hasColumn(d.relation)), PerKnown: def.PerKnown,
		},
		column: c.Name, typ: t, shown: catalog.OIDText, scan: d.relation.Kind != 'v', knownRows: known,
	}
	for i := range known {
		s.Related = append(s.Related, table.RelatedBeside(&d.rule.Related[i]))
	}
	if catalog.IsNumber(t.OID) || t.OID == catalog.OIDFloat4 || t.OID == catalog.OIDFloat8 {
		s.As = mask.Number
	}
	if t.OID == catalog.OIDBool {
		s.As = mask.Bool
	}
	c.treatment, c.keying = Keyed, s
	if t.Element != 0 {
		d.maskArray(s)
		return
	}
	if t.Kind == 'c' || t.Kind == 'p' || t.Kind == 'r' || t.Kind == 'm' {
		c.remove(d.catalog)
		c.keying = nil
		return
	}
	v := catalog.QuoteIdent(c.Name)
	txt := v + `::pg_catalog.text COLLATE "C"`
	switch f := d.rule.Form.(type) {
	case forms.Seal:
		s.domain, s.hashed = f.Domain, true
		s.comparable, s.nulls = true, true
		if !catalog.IsInteger(t.OID) && t.OID != catalog.OIDUUID {
			// A bound in the pattern would make PostgreSQL ten times slower.
			s.guard = "CASE WHEN pg_catalog.octet_length(" + v + "::pg_catalog.text) <= 64 THEN (" + txt + ") ~ '^[A-Za-z0-9.-]+$' END"
		}
	case forms.Pseudonym:
		d.pseudonym(f, s, v, txt)
	case forms.CheckedNumber:
		s.comparable, s.nulls = true, true
		n := strconv.Itoa(f.Min)
		if f.Max != f.Min {
			n += "," + strconv.Itoa(f.Max)
		}
		s.guard = "(" + txt + ") ~ '^[ -]*([0-9][ -]*){" + n + "}$'"
	case forms.Surrogate:
		s.nulls = true
		s.guard = "(" + txt + ") <> ''"
		if !f.PerValue {
			if s.Entity == "" {
				c.remove(d.catalog)
				c.keying = nil
				return
			}
			s.guard += " AND " + catalog.QuoteIdent(s.Entity) + "::pg_catalog.text <> ''"
		}
	case forms.Scrub:
		s.nulls, s.empties = f.Always, f.Always
	case forms.Shift:
		s.coarser = true
		if catalog.IsTime(t.OID) {
			s.nulls, s.shifts, s.shown = true, true, t.OID
			s.guard = shiftable(t.OID, v)
		}
	case forms.Noise:
		if catalog.IsNumber(t.OID) {
			s.nulls, s.shown = true, catalog.OIDNumeric
			s.guard = noisy(t.OID, v)
		}
	case forms.Document:
		// What is not an object is not a resource. SQL cannot check whether an object is one.
		s.nulls = true
		if f.Name == "" && (t.OID == catalog.OIDJSON || t.OID == catalog.OIDJSONB) {
			s.guard = "pg_catalog." + t.Name + "_typeof(" + v + ") = 'object'"
		}
		s.shown = t.OID
		if catalog.IsText(t.OID) {
			s.shown = catalog.OIDText
		}
	}
	if s.Entity != "" && def.ByEntity(d.rule.Args) {
		s.Prefix = d.policy.rules.Prefix(nameOf(d.relation), s.Entity)
	} else {
		s.Entity = ""
	}
	if !def.ByEntity(d.rule.Args) {
		s.Birth, s.Death = "", ""
	}
	if s.comparable {
		s.shadow = shadowKind(t, d.column.Collation)
	}
	s.Type = TypeOf(d.catalog, s.shown)
	c.shown = s.shown
	d.computable(s)
}

// pseudonym determines which values of a type have a pseudonym in the shape.
func (d *columnRule) pseudonym(f forms.Pseudonym, s *keying, v, txt string) {
	s.nulls, s.hashed = true, true
	// Below eight characters, pseudonyms of different values often collide: then equal masked
	// values do not imply equal originals.
	s.comparable = f.Length == 0 || f.Length >= 8
	whole := catalog.IsInteger(d.typ.OID)
	switch f.Shape {
	case "int":
		s.comparable = true
		s.guard = "(" + txt + ") ~ '^(0|[1-9][0-9]{0,17})$'"
		if whole {
			s.shown = catalog.OIDInt8
			s.guard = v + " BETWEEN 0 AND 999999999999999999"
		}
	case "uuid":
		s.comparable = true
		s.guard = "(" + txt + ") <> ''"
		if d.typ.OID == catalog.OIDUUID {
			s.shown, s.guard = catalog.OIDUUID, ""
		}
	case "same":
		s.comparable = true
		s.guard = "pg_catalog.octet_length(" + txt + ") = pg_catalog.length(" + txt + ") AND pg_catalog.length(" + txt + ") <= 256 AND (" + txt + ") ~ '([A-Za-z0-9][^A-Za-z0-9]*){4}'"
	default:
		s.guard = "(" + txt + ") <> ''"
		if whole || d.typ.OID == catalog.OIDUUID || catalog.IsTime(d.typ.OID) {
			s.guard = ""
		}
	}
}

// shadowKind returns how bare originals of a type are compared, so that they are equal
// exactly when their texts are.
func shadowKind(t *catalog.Type, collation uint32) rows.ShadowKind {
	switch {
	case catalog.IsInteger(t.OID):
		return rows.ShadowInteger
	case t.OID == catalog.OIDUUID:
		return rows.ShadowUUID
	case (t.OID == catalog.OIDText || t.OID == catalog.OIDVarchar) && (collation == catalog.CollationDefault || collation == catalog.CollationC || collation == 0):
		return rows.ShadowText
	}
	return rows.ShadowCast
}

// TypeOf returns the corresponding type of package table.
func TypeOf(c *catalog.Catalog, oid uint32) table.Type {
	t := c.Base(oid)
	if t == nil {
		return table.Opaque
	}
	switch {
	case catalog.IsText(t.OID):
		return table.Text
	case catalog.IsInteger(t.OID):
		return table.Integer
	case catalog.IsFloat(t.OID):
		return table.Float
	case t.Element != 0 || t.Kind == 'c' || t.Kind == 'p' || t.Kind == 'r' || t.Kind == 'm':
		return table.Opaque
	}
	switch t.OID {
	case catalog.OIDBool:
		return table.Bool
	case catalog.OIDNumeric:
		return table.Decimal
	case catalog.OIDDate:
		return table.Date
	case catalog.OIDTimestamp:
		return table.Timestamp
	case catalog.OIDTimestamptz:
		return table.TimestampTZ
	case catalog.OIDUUID:
		return table.UUID
	case catalog.OIDJSON, catalog.OIDJSONB:
		return table.JSON
	case catalog.OIDXML:
		return table.XML
	case catalog.OIDBytea:
		return table.Opaque
	}
	return table.Other
}
