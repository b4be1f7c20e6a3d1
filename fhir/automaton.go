package fhir

import (
	"maps"
	"slices"

	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/mask/ruleset"
)

// op is what the walker does with a value.
type op uint8

const (
	opRemove     op = iota // take it out
	opKeep                 // let the scalar pass
	opMethod               // hand the scalar to a method
	opDescend              // walk the object under a node
	opResource             // walk the resource under the node of its type
	opExtension            // walk an extension under the node of its url
	opMeta                 // walk a resource's own meta, where its labels go
	opWithhold             // take the whole resource out
	opID                   // seal a resource id, or rename a contained one
	opVersion              // seal a version id
	opReference            // translate a reference
	opCode                 // let a code pass that its value set has
	opCanonical            // let an allow-listed canonical pass
	opCoded                // a member of a Coding or Quantity: decided for the whole object
	opIdentifier           // replace an Identifier by its key
	opLink                 // hand a Bundle link to the site
)

// decision is what is done at one place, or at one place under a condition. What
// the walk reads for every value comes first.
type decision struct {
	op        op
	kind      schema.JSONKind
	label     mask.Label
	part      codedPart   // opCoded; of opCanonical, partNamedSystem or none
	memo      bool        // small and repeated: worth remembering
	perPerson bool        // the method needs to know the life of whom the value is about
	perEntity bool        // the method needs to know who that is
	perKnown  bool        // the method needs to know what is known of people
	atLeast   bool        // what the method gives is a bound: "or more"
	instant   bool        // the element is an instant
	search    mask.Search // of the method
	units     mask.UnitReader
	action    int
	child     *node
	otherwise *decision
	rule      *elementRule // settings of the FHIR methods
	method    mask.Method
	values    *schema.ValueSet // opCode
	// form checks that a value has the form of the element's type.
	form func(text []byte) bool
	// when is the condition on the object that holds the element (outer) or
	// on the element itself.
	when, whenSelf *condition
}

// field is a member that an object of a node may have. What the walk reads for
// every member comes first.
type field struct {
	array bool
	// slot is the field's element among the node's slots, mark its number among
	// the dates; both are shared with its sibling, and -1 if it has none.
	slot, mark int8
	sibling    bool // "_name", the id and extensions of a primitive
	// takesHolder: when the value goes, the object that holds it goes too.
	takesHolder bool
	// tested: the conditions of this node's fields begin with it.
	tested bool
	// security marks Meta.security, where labels are written.
	security bool
	// weak: an object that keeps nothing else says nothing (Extension.url, the name
	// of a parameter).
	weak     bool
	decision decision
	// standIn: what Veil itself writes for a value that went stays.
	standIn bool
	// orTrueName is the boolean that keeps the fact where the value goes:
	// deceased has one beside its dates.
	orTrueName string

	name    string
	element string // the element's name: "value" for "valueQuantity"
	code    string // its FHIR type
	path    string
	values  *schema.ValueSet // what the element is bound to
}

// node is an object type in the context of the rules that are under way.
type node struct {
	id       int
	typ      *schema.Type
	path     string
	keys     fhirjson.KeyTable
	fields   []field
	tokens   []fhirjson.Token // of the fields: the name in quotes and a colon
	slots    []slot           // elements that something may stand in for
	required uint64           // slots of which FHIR requires a member, as bits
	needed   uint64           // slots of which it requires one beside another element
	needs    []neededSlot
	marks    []mark90 // dates
	// extensions maps the urls that a rule knows here to their decisions.
	extensions  map[string]*decision
	coded       *elementRule    // set on nodes of Coding and Quantity that pass
	decided     codedAs         // of those
	plain       *plainCoding    // of a Coding, where its members are treated as usual
	reference   *plainReference // of a Reference, likewise
	quantity    *plainQuantity  // of a quantity, likewise
	concept     *plainConcept   // of a CodeableConcept, likewise
	address     bool            // its members need the country beside them
	ofResources bool            // a resource that holds others beside contained ones
	withheld    *decision       // a rule takes the resource type out
	index       int             // number of the resource type
	valueField  int             // the field "value" of a quantity that passes, or -1
}

// Automaton is a policy applied to a schema: one node for each object type in each
// context that rules can distinguish. It is immutable.
type Automaton struct {
	*mask.Plan
	Policy *ruleset.Policy
	schema *schema.Schema
	roots  map[string]*node
	// rootKeys finds the number of a resource type, rootNodes has its node.
	rootKeys  fhirjson.KeyTable
	rootNodes []*node
	types     []string // resource types by node.index
	nodes     []*node
	codes     *codeSystems
	canon     []string
	engine    engineActions

	urnSlot, identifierSlot, uuidSlot, containedSlot, systemSlot, codeSlot keys.Slot
	versionSlot                                                            keys.Slot
	sealSlots                                                              []keys.Slot // by type index
	unknownResource                                                        decision
	containedID                                                            decision              // names contained ids in a walker's memory
	leads                                                                  []schema.PatientPaths // by type index: how a resource leads to its patient
	scrubs                                                                 bool                  // see ScrubsTexts
}

// eachDecision calls f for every decision of the node's members and
// extensions.
func (n *node) eachDecision(f func(*decision)) {
	for i := range n.fields {
		for d := &n.fields[i].decision; d != nil; d = d.otherwise {
			f(d)
		}
	}
	for _, url := range slices.Sorted(maps.Keys(n.extensions)) {
		f(n.extensions[url])
	}
}
