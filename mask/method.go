package mask

import (
	"fmt"
	"sort"
	"strings"

	"github.com/veil-proxy/veil/internal/suggest"
	"github.com/veil-proxy/veil/mask/civil"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/text"
)

// Outcome is what a method did to one value.
type Outcome uint8

const (
	// Kept passes the value unchanged; the method appended nothing.
	Kept Outcome = iota
	// Replaced means that the method appended a value to use instead.
	Replaced
	// Removed removes the value, which becomes NULL in a row and no member in an object;
	// the method appended nothing.
	Removed
	// Capped removes the value because it is beyond the last one that may be shown, such
	// as a year of birth that reveals an age over 89; the method appended nothing. Formats
	// that can do so mark the place.
	Capped
)

// String returns the word the audit log uses.
func (o Outcome) String() string {
	switch o {
	case Kept:
		return "kept"
	case Replaced:
		return "replaced"
	case Removed:
		return "removed"
	case Capped:
		return "capped"
	}
	return fmt.Sprintf("Outcome(%d)", uint8(o))
}

// Label says what kind of de-identification a method performs. The FHIR engine writes
// it as a security label (v3-ObservationValue), and reports group by it.
type Label uint8

const (
	// LabelNone marks a method that passes the value.
	LabelNone Label = iota
	// LabelRedacted marks one that removes the value.
	LabelRedacted
	// LabelAbstracted marks one that makes the value coarser; it stays true.
	LabelAbstracted
	// LabelPseudonymized marks one that replaces the value with a keyed pseudonym.
	LabelPseudonymized
	// LabelMasked marks one that replaces the value with an invented one.
	LabelMasked
	// LabelScrubbed marks one that removes the identifiers it finds in a text, which may
	// not be all of them.
	LabelScrubbed
)

// Type is the type of a value in its own format.
type Type uint8

const (
	// String is text: a JSON string without its quotes and escapes, a text
	// column.
	String Type = iota
	// Number is a decimal number as written.
	Number
	// Bool is true or false.
	Bool
)

// Input is what a method may know about a value besides its bytes. The caller owns it
// and reuses it for the next value; a method must not keep it.
type Input struct {
	Type Type
	// Entity names whom the value is about, such as "Patient/123". It is the key of
	// surrogates and date shifts. It is empty if unknown: a method that needs it must then
	// do the stricter thing that its documentation states.
	Entity []byte
	// Birth and Death are the person's birth and death dates as the source
	// writes them (YYYY, YYYY-MM, YYYY-MM-DD, or longer), empty when unknown.
	Birth, Death []byte
	// Dead reports that the person is known to be dead, with or without a date.
	Dead bool
	// Country is the country of the address a value belongs to, as written;
	// empty when the address names none.
	Country []byte
	// State is the state of that address, as written.
	State []byte
	// Unit is the unit of a quantity's value: a code or, where there is none, the
	// unit's text; empty when the quantity names none, UnreadUnit when it names
	// one that is not known and does not pass.
	Unit []byte
	// Known has the known values of the people that a text may name. It is set only for
	// methods with PerKnown, and nil if it could not be obtained.
	Known *text.Known
	// Keys holds the reusable hash states of the pass.
	Keys *keys.Pseudonymizer
	// Found counts what detectors find in texts; it may be nil.
	Found *Found
	// Later takes work that can be deferred. It is set only for methods with PerKnown, and
	// may be nil.
	Later Later
}

// Method masks one value. A Method is immutable and safe for concurrent use; mutable
// state lives in Input.Keys, which belongs to one pass.
type Method interface {
	// Append appends the masked form of src to dst and says what it did. With Kept,
	// Removed and Capped it returns dst unchanged. src is the value without quotes or
	// escapes; Append neither modifies nor keeps it. A value that the method cannot read
	// is Removed, not an error: an error ends the exchange and must not contain the value.
	Append(dst, src []byte, in *Input) ([]byte, Outcome, error)
}

// Queuer is a Method that can announce what it will hash.
type Queuer interface {
	Method
	// Queue queues the keyed hashes that Append will compute for the same value
	// (in.Keys.Queue1 and others), so that they are computed together with those of other
	// values. It does nothing else. Queueing too much or too little only costs time.
	Queue(src []byte, in *Input)
}

// Finite is a Method whose results are all among a few values.
type Finite interface {
	Method
	// Results returns the values as the ruleset writes them.
	Results() []string
}

// UnreadUnit is the Input.Unit of a number whose unit is unknown.
const UnreadUnit = "?"

// UnitReader is a Method that knows units of measure.
type UnitReader interface {
	Method
	// ReadUnit returns code or text, the code and the unit text of a quantity: the one by
	// which the method judges a number. That is the stricter one if it knows both, and nil
	// if it knows neither.
	ReadUnit(code, text []byte) []byte
	// KnowsUnit reports whether text is just the name of a unit.
	KnowsUnit(text []byte) bool
}

// Inverter is a Method that can be undone if the entity is known.
type Inverter interface {
	Method
	// Invert appends the value that Append would turn into src, and reports whether there
	// is one. in.Entity must be set.
	Invert(dst, src []byte, in *Input) ([]byte, bool)
}

// Definition describes a method that rulesets can name.
type Definition struct {
	Name  string
	Label Label
	// Kind says what the method acts on.
	Kind Kind
	// Form says what the method does with these arguments, for engines that can do it
	// themselves. A nil function or result stands for a form that no engine knows.
	Form func(args Args) Form
	// Summary is one line for people: what it does to which value.
	Summary string
	// PerPerson reports that the output depends on Input.Birth, Death or Dead and
	// not on the value alone.
	PerPerson bool
	// PerEntity reports that the output depends on Input.Entity. If EntityFor is set, it
	// does so only with the arguments for which EntityFor reports true.
	PerEntity bool
	EntityFor func(args Args) bool
	// PerKnown reports that the output depends on Input.Known.
	PerKnown bool
	// Like says which other methods do to fields what this one does to texts with these
	// arguments. It is nil for most methods.
	Like func(args Args) []Like
	// AtLeast reports that a replacement value is a lower bound of the original, as in "90
	// or older".
	AtLeast bool
	// Search says how masked values may be searched.
	Search Search
	Params []Param
	New    func(env Env, args Args) (Method, error)
}

// ByEntity reports whether the output depends on Input.Entity with these arguments.
func (d Definition) ByEntity(args Args) bool {
	return d.PerEntity && (d.EntityFor == nil || d.EntityFor(args))
}

// Kind says what a method acts on.
type Kind uint8

const (
	// ValueMethod acts on a single value of any format: every engine can call it.
	ValueMethod Kind = iota
	// StructureMethod acts on an element of a FHIR resource.
	StructureMethod
	// ColumnMethod acts on a column of a table.
	ColumnMethod
)

// String names the thing that the kind acts on.
func (k Kind) String() string {
	switch k {
	case ValueMethod:
		return "values"
	case StructureMethod:
		return "FHIR elements"
	case ColumnMethod:
		return "columns of tables"
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Form is what a method does, in terms that engines understand: one of the types of
// package forms, or any other, which no engine knows.
type Form any

// FormOf returns the form of the method with these arguments, or nil if no engine knows
// it.
func (d Definition) FormOf(args Args) Form {
	if d.Form == nil {
		return nil
	}
	return d.Form(args)
}

// Search says how values that a method masks may be searched, so that a search
// reveals no more than the masked values do.
type Search uint8

const (
	// SearchNone allows no search, which could test an original value.
	SearchNone Search = iota
	// SearchYear allows comparisons with whole years, except those that the method hides:
	// they match the same masked values as originals.
	SearchYear
	// SearchAmount allows comparisons with numbers up to the greatest age that may be
	// shown, and with any number whose unit does not measure time: masked numbers compare
	// as the originals do.
	SearchAmount
	// SearchExact allows exact comparisons with values that the method passes.
	SearchExact
	// SearchPrefix allows values that the method passes to be compared with the beginnings
	// of the originals.
	SearchPrefix
)

// Env is what a policy provides to a method when it is created.
type Env struct {
	Keys *keys.Keyring
	// ReferenceDate is the date at which ages are counted.
	ReferenceDate civil.Date
	// Trial reports that the method is only tried on examples. It must not call other
	// servers.
	Trial bool
}

// ParamType is the type of a method's argument.
type ParamType uint8

// The types of arguments.
const (
	StringParam ParamType = iota
	IntParam
	BoolParam
	// ListParam is a list of strings.
	ListParam
	// MapParam is a mapping from string to string, kept in key order.
	MapParam
)

func (t ParamType) String() string {
	return [...]string{"a string", "a whole number", "true or false", "a list of strings", "a mapping of strings"}[t]
}

// Param describes an argument of a method.
type Param struct {
	Name     string
	Type     ParamType
	Required bool
	// OneOf limits a string to these words.
	OneOf []string
	// Min and Max bound a number; both zero means no bound.
	Min, Max float64
	Doc      string
}

// Args are checked arguments by name: a string, int64, float64, bool, []string or
// map[string]string, depending on the type of the Param.
type Args map[string]any

// String returns a string argument, or def.
func (a Args) String(name, def string) string { return arg(a, name, def) }

// Int returns a whole-number argument, or def.
func (a Args) Int(name string, def int64) int64 { return arg(a, name, def) }

// Bool returns a boolean argument, or def.
func (a Args) Bool(name string, def bool) bool { return arg(a, name, def) }

// List returns a list argument, or nil.
func (a Args) List(name string) []string { return arg[[]string](a, name, nil) }

// Map returns a mapping argument, or nil.
func (a Args) Map(name string) map[string]string { return arg[map[string]string](a, name, nil) }

func arg[T any](a Args, name string, def T) T {
	if v, ok := a[name].(T); ok {
		return v
	}
	return def
}

// Methods is a set of method definitions by name. The command builds one from the
// packages' definitions; there is no global registry.
type Methods map[string]Definition

// NewMethods joins definitions into one set. The error says that two have the same
// name.
func NewMethods(groups ...[]Definition) (Methods, error) {
	ms := Methods{}
	for _, g := range groups {
		for _, d := range g {
			if _, dup := ms[d.Name]; dup {
				return nil, fmt.Errorf("method %q is defined twice", d.Name)
			}
			ms[d.Name] = d
		}
	}
	return ms, nil
}

// Names returns the names in order.
func (ms Methods) Names() []string {
	names := make([]string, 0, len(ms))
	for n := range ms {
		names = append(names, n)
	}
	sort.Strings(names)
	return names
}

// Check reports what is wrong with args for the definition: an unknown,
// missing, wrongly typed or out of range argument.
func (d Definition) Check(args Args) error {
	known := map[string]Param{}
	names := []string{}
	for _, p := range d.Params {
		known[p.Name] = p
		names = append(names, p.Name)
		if _, ok := args[p.Name]; p.Required && !ok {
			return fmt.Errorf("method %q needs %q (%s)", d.Name, p.Name, p.Type)
		}
	}
	given := make([]string, 0, len(args))
	for n := range args {
		given = append(given, n)
	}
	sort.Strings(given)
	for _, n := range given {
		p, ok := known[n]
		if !ok {
			return fmt.Errorf("method %q takes no %q%s", d.Name, n, suggest.DidYouMean(n, names))
		}
		if err := p.Check(args[n]); err != nil {
			return fmt.Errorf("method %q: %q %w", d.Name, n, err)
		}
	}
	return nil
}

// Check returns an error if the parameter does not accept v.
func (p Param) Check(v any) error {
	var n float64
	switch v := v.(type) {
	case string:
		if p.Type != StringParam {
			return fmt.Errorf("must be %s", p.Type)
		}
		if len(p.OneOf) == 0 {
			return nil
		}
		for _, w := range p.OneOf {
			if v == w {
				return nil
			}
		}
		return fmt.Errorf("must be one of %s%s", strings.Join(p.OneOf, ", "), suggest.DidYouMean(v, p.OneOf))
	case int64:
		if p.Type != IntParam {
			return fmt.Errorf("must be %s", p.Type)
		}
		n = float64(v)
	case bool:
		if p.Type != BoolParam {
			return fmt.Errorf("must be %s", p.Type)
		}
		return nil
	case []string:
		if p.Type != ListParam {
			return fmt.Errorf("must be %s", p.Type)
		}
		return nil
	case map[string]string:
		if p.Type != MapParam {
			return fmt.Errorf("must be %s", p.Type)
		}
		return nil
	default:
		return fmt.Errorf("must be %s", p.Type)
	}
	if (p.Min != 0 || p.Max != 0) && (n < p.Min || n > p.Max) {
		return fmt.Errorf("must be from %v to %v", p.Min, p.Max)
	}
	return nil
}
