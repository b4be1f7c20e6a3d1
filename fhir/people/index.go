package people

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/schema"
)

// Index has the facts of people and organisations by type and id. Adding is not safe for
// concurrent use; reading is, once everything has been added.
type Index struct {
	schema   *schema.Schema
	relative func(url string) (string, bool)
	facts    map[string]Facts
	size     int
	limit    int
	unread   bool // there was more that could not be read
	// missed: it was asked for people since.
	missed atomic.Bool
}

// maxIndex bounds the memory of an Index, in bytes: about a million patients.
const maxIndex = 512 << 20

// entryOverhead is about what an entry takes besides its key and its facts, in bytes.
const entryOverhead = 100

// NewIndex returns an empty Index. relative is as in Collector.
func NewIndex(s *schema.Schema, relative func(url string) (string, bool)) *Index {
	return &Index{schema: s, relative: relative, facts: map[string]Facts{}, limit: maxIndex}
}

// Add adds a resource, or those of a Bundle. Resources that are not about people or
// organisations are ignored. The error says that there are too many people.
func (x *Index) Add(resource []byte) error {
	c := New(x.schema)
	c.src = resource
	return x.add(c, fhirjson.SkipSpace(resource, 0))
}

func (x *Index) add(c *Collector, i int) (err error) {
	typ := c.stringMember(i, "resourceType")
	if typ == "Bundle" {
		c.members(i, func(key []byte, at int) int {
			if string(key) != "entry" {
				return fhirjson.SkipValue(c.src, at, 0, &c.fault)
			}
			return c.items(at, func(item int) int {
				return c.members(item, func(key []byte, at int) int {
					if string(key) == "resource" && err == nil && at < len(c.src) && c.src[at] == '{' {
						err = x.add(c, at)
					}
					return fhirjson.SkipValue(c.src, at, 0, &c.fault)
				})
			})
		})
		return err
	}
	id := c.stringMember(i, "id")
	if id == "" || !persons[typ] && !organisations[typ] {
		return nil
	}
	end := fhirjson.SkipValue(c.src, i, 0, &c.fault)
	if end < 0 {
		end = len(c.src) // what stands before the fault is collected
	}
	f := FactsOf(x.schema, c.src[i:end], x.relative)
	if err := x.put(typ+"/"+id, f); err != nil || typ != "RelatedPerson" {
		return err
	}
	// A patient's relatives are known wherever the patient is.
	patient := New(x.schema)
	patient.Relative = x.relative
	patient.AddFacts(f)
	for _, ref := range patient.References() {
		if err := x.put(ref, f); err != nil {
			return err
		}
	}
	return nil
}

// put adds facts to those of a resource.
func (x *Index) put(key string, f Facts) error {
	before, there := x.facts[key]
	if !there {
		x.size += len(key) + entryOverhead
	}
	if x.size += len(f); x.size > x.limit {
		return fmt.Errorf("the files name more people than fit into %d MiB of memory: mask them in several runs, each with the files that belong together", x.limit>>20)
	}
	x.facts[key] = append(before[:len(before):len(before)], f...)
	return nil
}

// Unread records that some input could not be read. From then on, People fails.
func (x *Index) Unread() { x.unread = true }

var errUnread = errors.New("people: a file cannot be read")

// People implements fhir.Site.People.
func (x *Index) People(typ, id string) (Facts, error) {
	if x.unread {
		x.missed.Store(true)
		return nil, errUnread
	}
	return x.facts[typ+"/"+id], nil
}

// Missed returns a message if texts were removed because not everything could be read.
// It returns it only once.
func (x *Index) Missed() []string {
	if !x.missed.Swap(false) {
		return nil
	}
	return []string{"texts were removed: a file that may contain more about the people they name cannot be read"}
}
