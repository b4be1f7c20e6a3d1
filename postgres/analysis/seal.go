package analysis

import (
	"github.com/veil-proxy/veil/mask"
)

// seal makes the column sealed: the method is done on the wire, on the text of the
// value. The guard says in SQL which values the method would remove, so that they are
// NULL already upstream; where that cannot be said the column may not be tested for
// NULL or counted.
func (d *laying) seal(def mask.Definition) {
	c, t := d.column, d.typ
	s := &seal{
		method: d.method, action: *c.action, column: c.Name, typ: t, shown: oidText,
		class: d.class(), scan: d.relation.Kind != 'v', entity: d.beside(d.rule.Entity),
		birth: d.beside(d.rule.Birth), death: d.beside(d.rule.Death), country: d.beside(d.rule.Country), unitCol: d.beside(d.rule.Unit),
	}
	if isNumber(t.OID) || t.OID == oidFloat4 || t.OID == oidFloat8 {
		s.kind = mask.Number
	}
	if t.OID == oidBool {
		s.kind = mask.Bool
	}
	c.treatment, c.seal = Sealed, s
	if t.Element != 0 {
		element := d.catalog.base(t.Element)
		if element == nil || !isText(element.OID) {
			c.remove(d.catalog)
			c.seal = nil
			return
		}
		s.form, s.shown = formArray, oidTextArray
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
	v := quoteIdent(c.Name)
	txt := v + `::pg_catalog.text COLLATE "C"`
	switch d.rule.Method {
	case "seal":
		s.domain = d.rule.Args.String("domain", "")
		s.comparable, s.nulls = true, true
		if !isInteger(t.OID) && t.OID != oidUUID {
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
			s.guard += " AND " + quoteIdent(s.entity) + "::pg_catalog.text <> ''"
		}
	case "date":
		// Only shift comes here, or a text column.
		if isTime(t.OID) {
			s.nulls, s.shown = true, t.OID
			year := v
			if t.OID == oidTimestamptz {
				year += " AT TIME ZONE 'UTC'"
			}
			s.guard = "extract(year FROM " + year + ") BETWEEN 12 AND 9988"
		}
	case "noise":
		if isNumber(t.OID) {
			s.nulls, s.shown = true, oidNumeric
			s.guard = v + "::pg_catalog.numeric NOT IN ('NaN', 'Infinity', '-Infinity')"
		}
	case "fhir":
		// What is no object is no resource; that an object is none, SQL cannot tell.
		s.nulls = true
		if t.OID == oidJSON || t.OID == oidJSONB {
			s.guard = "pg_catalog." + t.Name + "_typeof(" + v + ") = 'object'"
		}
		s.shown = t.OID
		if isText(t.OID) {
			s.shown = oidText
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
	whole := isInteger(d.typ.OID)
	switch shape {
	case "int":
		s.comparable = true
		s.guard = "(" + txt + ") ~ '^(0|[1-9][0-9]{0,17})$'"
		if whole {
			s.shown = oidInt8
			s.guard = v + " BETWEEN 0 AND 999999999999999999"
		}
	case "uuid":
		s.comparable = true
		s.guard = "(" + txt + ") <> ''"
		if d.typ.OID == oidUUID {
			s.shown, s.guard = oidUUID, ""
		}
	case "same":
		s.comparable = true
		s.guard = "pg_catalog.octet_length(" + txt + ") = pg_catalog.length(" + txt + ") AND pg_catalog.length(" + txt + ") <= 256 AND (" + txt + ") ~ '([A-Za-z0-9][^A-Za-z0-9]*){4}'"
	default:
		s.guard = "(" + txt + ") <> ''"
		if whole || d.typ.OID == oidUUID || isTime(d.typ.OID) {
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
func twinOf(t *Type, collation uint32) twinKind {
	switch {
	case isInteger(t.OID):
		return twinInteger
	case t.OID == oidUUID:
		return twinUUID
	case (t.OID == oidText || t.OID == oidVarchar) && (collation == collationDefault || collation == collationC || collation == 0):
		return twinText
	}
	return twinCast
}
