package analysis

import (
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/postgres/catalog"
)

// seal makes the column sealed: the method is done on the wire, on the text of the
// value. The guard says in SQL which values the method would remove, so that they are
// NULL already upstream; where that cannot be said the column may not be tested for
// NULL or counted.
func (d *laying) seal(def mask.Definition) {
	c, t := d.column, d.typ
	s := &seal{
		method: d.method, action: *c.action, column: c.Name, typ: t, shown: catalog.OIDText,
		class: d.class(), scan: d.relation.Kind != 'v', entity: d.beside(d.rule.Entity),
		birth: d.beside(d.rule.Birth), death: d.beside(d.rule.Death), country: d.beside(d.rule.Country), unitCol: d.beside(d.rule.Unit),
	}
	if catalog.IsNumber(t.OID) || t.OID == catalog.OIDFloat4 || t.OID == catalog.OIDFloat8 {
		s.kind = mask.Number
	}
	if t.OID == catalog.OIDBool {
		s.kind = mask.Bool
	}
	c.treatment, c.seal = Sealed, s
	if t.Element != 0 {
		element := d.catalog.Base(t.Element)
		if element == nil || !catalog.IsText(element.OID) {
			c.remove(d.catalog)
			c.seal = nil
			return
		}
		s.form, s.shown = formArray, catalog.OIDTextArray
		s.class = "array of " + s.class
		s.nulls = true // an element that is removed is NULL within the array
		if s.entity != "" {
			s.prefix = d.prefix(s.entity)
		}
		c.shown = s.shown
		return
	}
	if t.Kind == 'c' || t.Kind == 'p' || t.Kind == 'r' || t.Kind == 'm' {
		c.remove(d.catalog)
		c.seal = nil
		return
	}
	v := catalog.QuoteIdent(c.Name)
	txt := v + `::pg_catalog.text COLLATE "C"`
	switch d.rule.Method {
	case "seal":
		s.domain = d.rule.Args.String("domain", "")
		s.comparable, s.nulls = true, true
		if !catalog.IsInteger(t.OID) && t.OID != catalog.OIDUUID {
			s.guard = "(" + txt + ") ~ '^[A-Za-z0-9.-]{1,64}$'"
		}
	case "pseudonym":
		d.pseudonym(s, v, txt)
	case "imitate":
		s.comparable, s.nulls = true, true
		n := map[string]string{"luhn": "8,19", "npi": "10", "nhs": "10", "ssn": "9"}[d.rule.Args.String("kind", "")]
		s.guard = "(" + txt + ") ~ '^[ -]*([0-9][ -]*){" + n + "}$'"
	case "surrogate":
		s.nulls = true
		s.guard = "(" + txt + ") <> ''"
		if !d.rule.Args.Bool("perValue", false) {
			if s.entity == "" {
				c.remove(d.catalog)
				c.seal = nil
				return
			}
			s.guard += " AND " + catalog.QuoteIdent(s.entity) + "::pg_catalog.text <> ''"
		}
	case "date":
		// Only shift comes here, or a text column.
		if catalog.IsTime(t.OID) {
			s.nulls, s.shown = true, t.OID
			year := v
			if t.OID == catalog.OIDTimestamptz {
				year += " AT TIME ZONE 'UTC'"
			}
			s.guard = "extract(year FROM " + year + ") BETWEEN 12 AND 9988"
		}
	case "noise":
		if catalog.IsNumber(t.OID) {
			s.nulls, s.shown = true, catalog.OIDNumeric
			s.guard = v + "::pg_catalog.numeric NOT IN ('NaN', 'Infinity', '-Infinity')"
		}
	case "fhir":
		// What is no object is no resource; that an object is none, SQL cannot tell.
		s.nulls = true
		if t.OID == catalog.OIDJSON || t.OID == catalog.OIDJSONB {
			s.guard = "pg_catalog." + t.Name + "_typeof(" + v + ") = 'object'"
		}
		s.shown = t.OID
		if catalog.IsText(t.OID) {
			s.shown = catalog.OIDText
		}
	}
	if s.entity != "" && def.PerEntity {
		s.prefix = d.prefix(s.entity)
	} else {
		s.entity = ""
	}
	if !def.PerEntity {
		s.birth, s.death = "", ""
	}
	if s.comparable {
		s.twin = twinOf(t, d.column.Collation)
	}
	c.shown = s.shown
}

// pseudonym says which values of a type have a pseudonym in the shape.
func (d *laying) pseudonym(s *seal, v, txt string) {
	shape := d.rule.Args.String("shape", "base32")
	length := d.rule.Args.Int("length", 64)
	s.nulls = true
	// Below eight characters, pseudonyms of different values fall together often:
	// then equal masked values are not equal originals.
	s.comparable = length >= 8
	whole := catalog.IsInteger(d.typ.OID)
	switch shape {
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

// prefix makes of an entity column's value the name of whom it is about: the domain
// its ids are sealed in, Patient where they are not.
func (d *laying) prefix(column string) string {
	if i, why := d.policy.rule(d.relation, column); i >= 0 && why == "" {
		rule := &d.policy.masks.Ruleset.Tables.Rules[i]
		if rule.Method == "seal" {
			return rule.Args.String("domain", "Patient") + "/"
		}
	}
	return "Patient/"
}

// twinOf says how bare originals of a type compare so that they are equal exactly
// where their texts are.
func twinOf(t *catalog.Type, collation uint32) twinKind {
	switch {
	case catalog.IsInteger(t.OID):
		return twinInteger
	case t.OID == catalog.OIDUUID:
		return twinUUID
	case (t.OID == catalog.OIDText || t.OID == catalog.OIDVarchar) && (collation == catalog.CollationDefault || collation == catalog.CollationC || collation == 0):
		return twinText
	}
	return twinCast
}
