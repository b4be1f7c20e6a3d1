package fhir

import (
	"fmt"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/fhir/lexical"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/text"
)

// A rule whose method cannot give a value of its element's type would remove
// every value. Types are known when a ruleset is compiled, so it is refused
// there: the method is tried on values of the type, or says itself what it gives.

// probes are values of each primitive type, chosen so that whatever method can
// give a value of the type does so for one of them.
var probes = func() map[string][]string {
	numbers := []string{"0", "1", "3", "7", "12", "45", "120", "2021", "36525", "12345678", "123456789", "1234567890", "1987654321"}
	dates := []string{"2021-03-04", "1985-07-09", "2021-03", "2021"}
	times := []string{"2021-03-04T10:11:12Z", "2021-03-04T10:11:12.123+02:00"}
	words := []string{"en", "US", "DE", "MA", "CA", "02115", "90210", "final", "active", "in-progress", "1234567890", "123456789"}
	uris := append([]string{"http://example.org/fhir/x", "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "urn:oid:1.2.840.113619"}, words...)
	return map[string][]string{
		"base64Binary": {"aGVsbG8gd29ybGQ=", "AAAA", "e1xydGYxIHRleHR9", "e1xydGYxXGFuc2kgYSBifQ==", "e1xydGYxXGFuc2kgY30="}, // the last are RTF
		"boolean":      {"true", "false"},
		"canonical":    uris,
		"code":         words,
		"date":         dates,
		"dateTime":     append(slices.Clone(times), dates...),
		"decimal":      append([]string{"7.3", "0.25", "-4"}, numbers...),
		"id":           append([]string{"abc-123"}, words...),
		"instant":      times,
		"integer":      append([]string{"-4"}, numbers...),
		"integer64":    append([]string{"-4"}, numbers...),
		"oid":          {"urn:oid:1.2.840.113619", "urn:oid:2.16.840.1.113883.6.1"},
		"positiveInt":  numbers,
		"time":         {"10:11:12", "10:11:12.5"},
		"unsignedInt":  numbers,
		"uri":          uris,
		"url":          uris,
		"uuid":         {"urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"},
		"xhtml":        {`<div xmlns="http://www.w3.org/1999/xhtml">text</div>`, `<div>text</div>`},
	}
}()

// giving names the methods that give values of a type, for who has to choose
// another one.
var giving = map[string]string{
	"boolean":      "fixed with true or false",
	"base64Binary": "fixed with a base 64 text",
	"canonical":    "canonical, surrogate of kind url",
	"code":         "code, listed, generalize with codes",
	"date":         "date, year, birthYear, deathYear",
	"dateTime":     "date, year, birthYear, deathYear",
	"decimal":      "round, bucket, noise, ageCap",
	"id":           "pseudonym",
	"instant":      "date, year",
	"integer":      "round, bucket, noise or generalize to whole numbers, ageCap",
	"integer64":    "round, bucket, noise or generalize to whole numbers",
	"oid":          "fixed with an OID",
	"positiveInt":  "round, bucket, noise or generalize to whole numbers",
	"time":         "fixed with a time",
	"unsignedInt":  "round, bucket, noise or generalize to whole numbers",
	"uri":          "surrogate of kind url, pseudonym",
	"url":          "surrogate of kind url, pseudonym",
	"uuid":         "fixed with a UUID",
	"xhtml":        "fixed with a div",
}

// misfit is a rule and a type whose values its method does not give.
type misfit struct {
	rule int
	code string
}

// fits notes whether the method of rule r can give values for an element.
func (c *compiler) fits(r int, e *schema.Element, et schema.ElementType, path string) {
	if len(probes[et.Code]) == 0 {
		return // a text: any method may give one
	}
	key := misfit{r, et.Code}
	if c.fitting[key] {
		return
	}
	if c.gives(r, e, et) {
		c.fitting[key] = true
		return
	}
	if _, noted := c.misfits[key]; !noted {
		what := "a " + et.Code
		if strings.ContainsRune("aeiou", rune(et.Code[0])) {
			what = "an " + et.Code
		}
		if et.Code == "code" && e.Binding.Strength == "required" && e.Binding.ValueSet != nil {
			what = "a code of " + e.Binding.ValueSet.URL
		}
		c.misfits[key] = fmt.Sprintf("method %q never gives %s, which %s must be: use %s, keep or remove", c.rules[r].Method, what, path, giving[et.Code])
		c.misfitOrder = append(c.misfitOrder, key)
	}
}

// reportMisfits adds a problem for each rule and type of which no element fits.
func (c *compiler) reportMisfits() {
	for _, key := range c.misfitOrder {
		if !c.fitting[key] {
			c.problems.Add(c.rules[key.rule].At, "rule %q: %s", c.rules[key.rule].ID, c.misfits[key])
		}
	}
}

// gives reports whether the method of rule r gives a value that an element may
// have. It is made with a key of its own, so that a ruleset compiles or not
// whatever the key is.
func (c *compiler) gives(r int, e *schema.Element, et schema.ElementType) bool {
	_, def := c.policy.Method(r)
	if c.probing == nil {
		keys, err := keys.NewKeyring(make([]byte, keys.MinSecret), "probe")
		if err != nil {
			return true // nothing is known
		}
		keys.ImportAny()
		c.probing = keys
	}
	method, err := def.New(mask.Env{Trial: true, Keys: c.probing, ReferenceDate: c.policy.Ruleset.ReferenceDate}, c.rules[r].Args)
	if err != nil {
		return true // reported where the policy is made
	}
	method = c.ofVersion(method)
	form := formOf(e, et)
	may := func(text []byte) bool {
		if et.Code == "boolean" {
			return string(text) == "true" || string(text) == "false"
		}
		if et.Code == "instant" {
			text = lexical.AppendInstant(text, 0)
		}
		return form(text)
	}
	if finite, ok := method.(mask.Finite); ok {
		return slices.ContainsFunc(finite.Results(), func(text string) bool { return may([]byte(text)) })
	}
	values := probes[et.Code]
	if set := e.Binding.ValueSet; et.Code == "code" && set != nil {
		values = append(set.Codes(), values...)
	}
	in := mask.Input{Type: mask.Type(schema.JSONKindOf(et)), Entity: []byte("Patient/1"), Birth: []byte("1985-07-09"), Keys: c.probing.NewPseudonymizer(),
		Known: new(text.KnownBuilder).Build()}
	given := 0 // a few may be chance: eight hexadecimal digits are a number at times
	for _, value := range values {
		out, outcome, err := method.Append(nil, []byte(value), &in)
		if err != nil {
			return true
		}
		if outcome == mask.Kept && may([]byte(value)) || outcome == mask.Replaced && may(out) {
			if given++; given == min(3, len(values)) {
				return true
			}
		}
	}
	return false
}

// identity is what an element has of a resource's identity: such elements must be
// masked as one, or no reference resolves.
type identity uint8

const (
	noIdentity identity = iota
	ownID               // Resource.id
	reference           // a reference, a full URL, a request's URL
)

func identityOf(t *schema.Type, element string) identity {
	switch {
	case t.Kind == schema.ResourceKind && element == "id":
		return ownID
	case t.Name == "Reference" && element == "reference", t.Name == "Bundle.entry" && element == "fullUrl",
		t.Name == "Bundle.entry.request" && element == "url", t.Name == "Bundle.entry.response" && element == "location":
		return reference
	}
	return noIdentity
}

// keepsTogether checks the decision of rule r on a part of a resource's identity,
// and that the id of a resource is sealed nowhere else. A rule is reported once.
func (c *compiler) keepsTogether(r int, id identity, d *decision, path string) {
	sealing := map[identity]op{ownID: opID, reference: opReference}
	what := ""
	switch {
	case id == noIdentity:
		if d.op == opID {
			what = "is for the id of a resource"
		}
	case d.op == opRemove, d.op == opWithhold:
	case d.op == opKeep:
		c.keptIdentity[id] = append(c.keptIdentity[id], r)
	case d.op == sealing[id]:
		c.sealedIdentity[id] = append(c.sealedIdentity[id], r)
	default:
		use := map[identity]string{ownID: "resourceId", reference: "reference"}[id]
		what = "masks ids and references differently, so that references no longer lead to their resources: use " + use + ", keep or remove, and the same for both"
	}
	if what != "" && !c.apart[r] {
		c.apart[r] = true
		c.problems.Add(c.rules[r].At, "rule %q: method %q %s (at %s)", c.rules[r].ID, c.rules[r].Method, what, path)
	}
}

// reportIdentities adds a problem where ids are kept and references sealed, or
// the other way.
func (c *compiler) reportIdentities() {
	for _, id := range []identity{ownID, reference} {
		other := ownID + reference - id
		if len(c.keptIdentity[id]) > 0 && len(c.sealedIdentity[other]) > 0 {
			r, o := c.rules[c.keptIdentity[id][0]], c.rules[c.sealedIdentity[other][0]]
			what := map[identity]string{ownID: "ids", reference: "references"}
			c.problems.Add(r.At, "rule %q keeps %s, and rule %q seals %s: they no longer agree; keep both, or neither", r.ID, what[id], o.ID, what[other])
		}
	}
}
