package fhirtest

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"
)

// Streams of the random source beside those of the patients, which are their
// indexes.
const sharedStream = 1 << 62

// today is the day after which nothing happens in a Population. Generate reads
// no clock.
var today = time.Date(2024, time.June, 30, 0, 0, 0, 0, time.UTC)

// Generate makes a population from a seed. The same seed gives the same bytes, and the
// patients of a smaller population are the first ones of a larger. Among every ten
// patients one is a child, one is over 89 years old and one is dead; among every
// twenty-five there is a pair of twins, and one lives outside the United States. It
// panics if patients is negative.
//
// A patient has 60 to 120 resources, which together have 100 to 190 KB, 150 KB on
// average.
func Generate(seed uint64, patients int) *Population {
	if patients < 0 {
		panic("fhirtest: Generate: negative number of patients")
	}
	g := &generator{
		seed:  seed,
		pop:   &Population{byKey: map[string]int{}},
		plain: map[string]struct{}{},
		seen:  map[string]struct{}{},
	}
	g.w.plant, g.w.plain = g.note, func(s string) { g.plain[s] = struct{}{} }
	g.begin(-1, sharedStream)
	g.shared()
	for i := range patients {
		g.begin(i, uint64(i))
		g.record(g.person(i))
	}
	planted, plain := g.planted, g.plain
	g.pop.planted = sync.OnceValue(func() []Planted { return keepListable(planted, plain) })
	g.pop.finder = sync.OnceValue(func() *finder { return newFinder(g.pop.planted()) })
	return g.pop
}

// generator is the state of one Generate.
type generator struct {
	seed uint64
	pop  *Population
	w    writer

	r     *rand.Rand
	index int    // of the patient, -1 while the shared resources are made
	who   string // id of the patient
	count int    // resources of the patient so far

	care  []caregiver
	sites []site

	planted []Planted
	plain   map[string]struct{}
	seen    map[string]struct{}
	key     []byte
}

func (g *generator) begin(index int, stream uint64) {
	g.r = rand.New(rand.NewPCG(g.seed, stream))
	g.index, g.who, g.count = index, "", 0
	clear(g.seen)
}

// record makes everything about one patient.
func (g *generator) record(p *person) {
	g.who = p.id
	g.patient(p)
	g.relations(p)
	coverage := g.coverage(p)
	g.background(p)
	visits := 2 + g.r.IntN(3)
	for i := range visits {
		v := g.encounter(p, i, visits)
		g.vitals(p, v)
		g.labs(p, v)
		g.problem(p, v)
		g.treatment(p, v)
		g.documents(p, v)
		g.bill(p, v, coverage)
	}
	g.immunizations(p)
	g.devices(p)
	g.family(p)
	g.plans(p)
	g.trail(p)
}

// add writes a resource. Its members follow the type, the id and the meta.
func (g *generator) add(typ, id string, updated string, profile string, members obj) {
	g.w.buf, g.w.spans, g.w.path = nil, nil, g.w.path[:0]
	g.w.buf = make([]byte, 0, 2048)
	g.w.ascii = g.r.IntN(4) == 0
	meta := obj{
		"versionId", "1",
		"lastUpdated", when(updated),
		"source", mix{Base, "/import#", secret{"id", g.token(12)}},
	}
	if profile != "" {
		meta = append(meta, "profile", arr{"http://hl7.org/fhir/us/core/StructureDefinition/" + profile})
	}
	if g.count%7 == 0 {
		meta = append(meta, "security", arr{coding(hl7+"v3-Confidentiality", "N")})
	}
	if g.count%3 == 0 {
		meta = append(meta, "tag", arr{coding(hl7+"v3-ActReason", "HTEST")})
	}
	g.w.value(append(obj{"resourceType", typ, "id", own{typ, id}, "meta", meta}, members...))
	key := typ + "/" + id
	if _, dup := g.pop.byKey[key]; dup {
		panic("fhirtest: two resources have one id")
	}
	g.pop.byKey[key] = len(g.pop.resources)
	g.pop.resources = append(g.pop.resources, Resource{
		Type: typ, ID: id, Patient: g.who, JSON: g.w.buf, spans: g.w.spans,
	})
	g.count++
}

// note takes down a planted value, once for a patient and path.
func (g *generator) note(path []byte, kind, value, raw string) {
	g.key = append(append(append(g.key[:0], path...), 0), value...)
	if _, ok := g.seen[string(g.key)]; ok {
		return
	}
	g.seen[string(g.key)] = struct{}{}
	g.planted = append(g.planted, Planted{string(path), kind, value, raw, g.who})
}

// id makes the id of a resource: a UUID, a decimal number or a local name, as
// the systems do that a hospital's record is gathered from.
func (g *generator) id(local string) string {
	g.count++
	n := (g.index+2)*1000 + g.count
	switch g.r.IntN(3) {
	case 0:
		return strconv.Itoa(70_000_000 + n)
	case 1:
		return fmt.Sprintf("%s-%s-%06x", local, g.letters(4), n)
	}
	return g.uuid()
}

func (g *generator) uuid() string {
	a, b := g.r.Uint64(), g.r.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0x3fff|0x8000, b&0xffffffffffff)
}

func (g *generator) letters(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('a' + g.r.IntN(26))
	}
	return string(b)
}

func (g *generator) digits(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + g.r.IntN(10))
	}
	return string(b)
}

// token is n letters and digits, upper case.
func (g *generator) token(n int) string {
	const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[g.r.IntN(len(alphabet))]
	}
	return string(b)
}

// base64Token is n characters of base64, n a multiple of four.
func (g *generator) base64Token(n int) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	b := make([]byte, n)
	for i := range b {
		b[i] = alphabet[g.r.IntN(64)]
	}
	return string(b)
}

func pick[T any](g *generator, list []T) T { return list[g.r.IntN(len(list))] }

// chance reports true once in n times.
func (g *generator) chance(n int) bool { return g.r.IntN(n) == 0 }

// between is a decimal number from lo to hi with places digits after the
// point.
func (g *generator) between(lo, hi float64, places int) num {
	return num(strconv.FormatFloat(lo+(hi-lo)*g.r.Float64(), 'f', places, 64))
}

// iso is the date and time of day in the offset of a place.
func iso(day time.Time, hour, minute, second int, zone string) string {
	return fmt.Sprintf("%sT%02d:%02d:%02d%s", day.Format(time.DateOnly), hour, minute, second, zone)
}

// clock is a time on a day in the offset of p's home.
func (g *generator) clock(day time.Time, p *person) string {
	return iso(day, 8+g.r.IntN(9), g.r.IntN(60), g.r.IntN(60), p.home.zone)
}

// when is a date or a date and time, the day of it planted.
func when(s string) mix {
	if len(s) <= len(time.DateOnly) {
		return mix{secret{"date", s}}
	}
	return mix{secret{"date", s[:len(time.DateOnly)]}, hidden(s[len(time.DateOnly):])}
}

// optional is v, or nothing.
func optional(ok bool, v any) any {
	if !ok {
		return nil
	}
	return v
}

// narrative is a Narrative of one paragraph.
func narrative(parts ...any) obj {
	return obj{"status", "generated", "div", mix{
		`<div xmlns="http://www.w3.org/1999/xhtml"><p>`, mix(parts), `</p></div>`,
	}}
}

// reference is a Reference with a display.
func reference(to ref, display any) obj {
	return obj{"reference", to, "display", display}
}

// identifier is an Identifier with a type of v2-0203.
func identifier(use, code, system, kind, value string) obj {
	return obj{
		"use", use,
		"type", concept(hl7+"v2-0203", code),
		"system", system,
		"value", secret{kind, value},
	}
}

// amount is a Quantity in a UCUM unit.
func amount(value any, unit string) obj {
	return obj{"value", value, "unit", unit, "system", ucum, "code", unit}
}

func usd(value num) obj { return obj{"value", value, "currency", "USD"} }
