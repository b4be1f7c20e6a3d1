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
	// Kept lets the value pass as it is; the method appended nothing.
	Kept Outcome = iota
	// Replaced means that the method appended another value in its place.
	Replaced
	// Removed takes the value out; the method appended nothing. NULL in a row, no
	// member in an object.
	Removed
	// Capped takes the value out because it is beyond the last one that may be
	// shown, such as a year of birth that reveals an age over 89; the method
	// appended nothing. Formats that can say so mark the place.
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

// Label says what kind of de-identification a method is. The FHIR side writes
// it as a security label (v3-ObservationValue), reports group by it.
type Label uint8

const (
	// LabelNone marks a method that lets the value pass.
	LabelNone Label = iota
	// LabelRedacted marks one that takes the value out.
	LabelRedacted
	// LabelAbstracted marks one that makes the value coarser; it stays true.
	LabelAbstracted
	// LabelPseudonymized marks one that replaces the value by a keyed pseudonym.
	LabelPseudonymized
	// LabelMasked marks one that replaces the value by an invented one.
	LabelMasked
	// LabelScrubbed marks one that takes out of a text what it finds there, which is never
	// certain to be all.
	LabelScrubbed
)

// Type is the form a value has in its own format.
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

// Input is what a method may know of a value beside its bytes. The caller
// owns it and reuses it for the next value; a method must not keep it.
type Input struct {
	Type Type
	// Entity names whom the value is about, such as "Patient/123". It is the
	// key of surrogates and date shifts. Empty where it is not known: a method
	// that needs it must then do the stricter thing its docstring states.
	Entity []byte
	// Birth and Death are the person's birth and death dates as the source
	// writes them (YYYY, YYYY-MM, YYYY-MM-DD, or longer), empty when unknown.
	Birth, Death []byte
	// Dead reports that the person is known to be dead, with or without a date.
	Dead bool
	// Country is the country of the address a value belongs to, as written;
	// empty when the address names none.
	Country []byte
	// State is likewise the state.
	State []byte
	// Unit is the unit of a quantity's value: a code or, where there is none, the
	// unit's text; empty when the quantity names none, UnreadUnit when it names
	// one that is not known and does not pass.
	Unit []byte
	// Known has what is known of the people that a text may name. It is there for
	// methods with PerKnown only; nil where it could not be had.
	Known *text.Known
	// Keys has the reusable hash states of the pass.
	Keys *keys.Pseudonymizer
	// Found counts what detectors find in texts; it may be nil.
	Found *Found
	// Later takes work that need not be done at once. It is there for methods with
	// PerKnown only, and may be nil.
	Later Later
}

// Method masks one value. A Method is immutable and may be used from several
// goroutines; what changes lives in Input.Keys, which belongs to one pass.
type Method interface {
	// Append appends the masked form of src to dst and says what it did.
	// With Kept, Removed and Capped dst comes back as it was. src is the value
	// without quotes or escapes, is never modified and never kept. A value the
	// method cannot read is Removed, not an error: an error ends the exchange
	// and must not contain the value.
	Append(dst, src []byte, in *Input) ([]byte, Outcome, error)
}

// Queuer is a Method that can say ahead what it will hash.
type Queuer interface {
	Method
	// Queue queues the keyed hashes that Append of the same value will compute
	// (in.Keys.Queue1 and others), so that they are computed together with those of other
	// values. It does nothing else. What is queued and not needed costs time only, and so
	// does what is needed and not queued.
	Queue(src []byte, in *Input)
}

// Finite is a Method that only ever gives one of a few values.
type Finite interface {
	Method
	// Results are the values, in the ruleset's words.
	Results() []string
}

// UnreadUnit is the Input.Unit of a number whose unit is not known.
const UnreadUnit = "?"

// UnitReader is a Method that knows units.
type UnitReader interface {
	Method
	// ReadUnit returns that of a quantity's code and unit text by which the method
	// judges a number, the stricter one if it knows both; nil if it knows neither.
	ReadUnit(code, text []byte) []byte
	// KnowsUnit reports whether text is nothing but the name of a unit.
	KnowsUnit(text []byte) bool
}

// Inverter is a Method whose work can be undone for an entity that is known.
type Inverter interface {
	Method
	// Invert appends the value that Append would make src of and reports whether
	// there is one: Append of it gives src. in.Entity must be set.
	Invert(dst, src []byte, in *Input) ([]byte, bool)
}

// Definition is a method as a ruleset names it.
type Definition struct {
	Name  string
	Label Label
	// Kind says what the method acts on.
	Kind Kind
	// Form says what the method does with these arguments, for engines that can do it
	// themselves. A nil function or result is a form that no engine knows.
	Form func(args Args) Form
	// Summary is one line for people: what it does to which value.
	Summary string
	// PerPerson reports that the output depends on Input.Birth, Death or Dead and
	// not on the value alone.
	PerPerson bool
	// PerEntity reports that the output depends on Input.Entity; with EntityFor, that it
	// does with the arguments for which that reports so.
	PerEntity bool
	EntityFor func(args Args) bool
	// PerKnown reports that the output depends on Input.Known.
	PerKnown bool
	// Like says what other methods do to fields that this one does to texts with these
	// arguments; nil for most.
	Like func(args Args) []Like
	// AtLeast reports that a value the method puts in place is a lower bound of
	// the one it stands for: "90 or older".
	AtLeast bool
	// Search says how what the method masks may be searched.
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

// String names what is acted on.
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

// FormOf returns the form of the method with these arguments, or nil.
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
	// SearchYear means that a comparison with a whole year, not older than the years the
	// method hides, finds the same masked values as originals.
	SearchYear
	// SearchAmount means that numbers up to the greatest age that may be shown compare as
	// the originals do; so do all numbers of a unit that measures no time.
	SearchAmount
	// SearchExact means that a value that the method lets pass may be compared exactly.
	SearchExact
	// SearchPrefix means that a value that the method lets pass may be compared with the
	// beginnings of the originals.
	SearchPrefix
)

// Env is what a method may take from its policy when it is made.
type Env struct {
	Keys *keys.Keyring
	// ReferenceDate is the date ages are counted at, YYYY-MM-DD.
	ReferenceDate civil.Date
	// Trial: the method is made to be tried on examples. It asks no other server.
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

// Param is an argument that a method takes.
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

// Args are checked arguments: string, int64, float64, bool, []string or
// map[string]string by the type of their Param.
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

// Methods is a set of method definitions by name. cmd makes one out of what
// the packages offer; there is no global registry.
type Methods map[string]Definition

// NewMethods joins definitions into one set. Two of the same name are a
// programming error and are returned as one.
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

// Check reports that a value is not one that the parameter takes.
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
