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
	opKeep                 // keep the scalar
	opMethod               // pass the scalar to a method
	opDescend              // walk the object under a node
	opResource             // walk the resource under the node of its type
	opExtension            // walk an extension under the node of its url
	opMeta                 // walk a resource's own meta, where its labels go
	opWithhold             // remove the whole resource
	opID                   // seal a resource id, or rename a contained one
	opVersion              // seal a version id
	opReference            // translate a reference
	opCode                 // keep a code that is in its value set
	opCanonical            // keep an allow-listed canonical
	opCoded                // a member of a Coding or Quantity: decided for the whole object
	opIdentifier           // replace an Identifier by its key
	opLink                 // pass a Bundle link to the site
)

// decision is what is done at one place, or at one place under a condition. The fields
// that the walk reads for every value come first.
type decision struct {
	op        op
	kind      schema.JSONKind
	label     mask.Label
	part      codedPart   // opCoded; of opCanonical, partNamedSystem or none
	memo      bool        // small and repeated: worth remembering
	perPerson bool        // the method needs the dates of birth and death of the person the value is about
	perEntity bool        // the method needs to know who that person is
	perKnown  bool        // the method needs what is known about people
	atLeast   bool        // the method's result is a bound: "or more"
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

// field is a member that an object of a node may have. The fields that the walk reads for
// every member come first.
type field struct {
	array bool
	// slot is the index of the field's element among the node's slots, and mark its index
	// among the dates. The sibling shares both; -1 means none.
	slot, mark int8
	sibling    bool // "_name", the id and extensions of a primitive
	// takesHolder: when the value is removed, so is the object that contains it.
	takesHolder bool
	// tested: the conditions of this node's fields begin with it.
	tested bool
	// security marks Meta.security, where labels are written.
	security bool
	// weak: an object that has nothing else left is useless (Extension.url, the name of a
	// parameter).
	weak     bool
	decision decision
	// standIn: what Veil itself writes in place of a removed value is kept.
	standIn bool
	// orTrueName is the boolean that keeps the fact where the value is removed: deceased has
	// one beside its dates.
	orTrueName string

	name    string
	element string // the element's name: "value" for "valueQuantity"
	code    string // its FHIR type
	path    string
	values  *schema.ValueSet // what the element is bound to
}

// node is an object type in the context of the rules that apply below this point.
type node struct {
	id       int
	typ      *schema.Type
	path     string
	keys     fhirjson.KeyTable
	fields   []field
	tokens   []fhirjson.Token // of the fields: the name in quotes and a colon
	slots    []slot           // elements that can have a stand-in
	required uint64           // slots that FHIR requires, as bits
	needed   uint64           // slots that it requires beside another element
	needs    []neededSlot
	marks    []mark90 // dates
	// extensions maps the urls that have a rule here to their decisions.
	extensions  map[string]*decision
	coded       *elementRule    // set on nodes of Coding and Quantity that pass
	decided     codedAs         // of those
	plain       *plainCoding    // of a Coding, where its members are treated as usual
	reference   *plainReference // of a Reference, likewise
	quantity    *plainQuantity  // of a quantity, likewise
	concept     *plainConcept   // of a CodeableConcept, likewise
	address     bool            // its members need the country beside them
	ofResources bool            // a resource that holds others beside contained ones
	withheld    *decision       // a rule removes the resource type
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
	leads                                                                  []schema.PatientPaths // by type index: how to find a resource's patient
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
