// Package forms describes what a method can do to a value in terms that an engine
// understands. The definition of a method declares its form for the arguments that a
// ruleset gives. An engine that can perform a form itself, as a database can in SQL,
// compiles it, and leaves any other form to the method. No engine looks at the name of a
// method.
//
// A form is a promise: an engine that compiles it gives the same result as the method's
// Append. In this package, "goes" means that a value is removed.
package forms

// Keep passes the value.
type Keep struct{}

// Remove removes the value.
type Remove struct{}

// Fixed replaces every value with the same text.
type Fixed struct{ Text string }

// Unit is a calendar period.
type Unit string

// The calendar periods.
const (
	Year    Unit = "year"
	Quarter Unit = "quarter"
	Month   Unit = "month"
)

// Event is the kind of event that a date belongs to.
type Event uint8

const (
	// AnyEvent is an event that the person was alive at.
	AnyEvent Event = iota
	// Birth is the person's birth, which reveals the age at death or at the reference
	// date, whichever is earlier.
	Birth
	// Death is the person's death, which reveals the age together with the birth; without
	// a known birth it goes.
	Death
)

// Period truncates a date to the period that contains it.
type Period struct {
	Unit Unit
	// MaxAge is the greatest age in years that the date may reveal, counted at the
	// ruleset's reference date; a date that reveals a greater one goes. 0 means no limit.
	MaxAge int
	Of     Event
	// Number requests a whole number in tables if the unit is a year.
	Number bool
}

// Keyed names the key of a keyed hash, by the arguments of keys.Keyring.MACSlot.
type Keyed struct{ Purpose, Domain string }

// Shift moves all dates of a person by the same keyed number of days, so that the time
// between two of them stays the same.
//
// The number follows from n, the first eight bytes of the keyed hash of the person's name
// (keys.Pseudonymizer.MAC1), big-endian, modulo 2·Steps: it is (n-Steps+1)·Days from Steps
// on and -(n+1)·Days below. If the person is not known, a date is truncated to its year.
type Shift struct {
	Keyed
	Steps, Days int64
}

// Prefix keeps the first three digits of a US postal code, or 000 instead of those in
// Hidden.
type Prefix struct {
	Hidden []string
	// Abroad reports that the code of an address without country and state goes.
	Abroad bool
}

// Cap merges all numbers from a limit on into one category.
type Cap struct {
	// Default is the limit of a number without a unit; nil means no limit.
	Default *Limit
	// Units are the words for units of time, in lower case, with the limit of each. A
	// number with another unit passes.
	Units map[string]Limit
	// Ages are words that mark a number as an age.
	Ages []string
}

// Limit is the first number of a category, From, and the number that stands for all of
// it, To, in decimal digits.
type Limit struct{ From, To string }

// Multiple replaces a number with a multiple of the decimal number Of: the nearest one,
// with halves rounded up, or the one below.
type Multiple struct {
	Of      string
	Nearest bool
}

// Substring keeps Length characters of a text, starting at From, counted from 0. A text
// that is not longer than From goes.
type Substring struct{ From, Length int64 }

// Ends keeps the First and Last characters at the ends of a text and writes Fill for
// each other one. A text of which less than half would be hidden goes.
type Ends struct {
	First, Last int64
	Fill        string
}

// Groups replaces a value with its group: that of a listed case, or that of the band
// that contains its whole part. Other values get the default, or go if it is empty.
type Groups struct {
	Cases   map[string]string
	Bands   []Band
	Default string
}

// Band is a range of whole numbers, both ends included, and how it is written.
type Band struct {
	Low, High int64
	Text      string
}

// Listed keeps a value that is in the list, ignoring the case of ASCII letters and
// surrounding spaces. Other values go.
type Listed struct{ Values []string }

// Match keeps a text that has a form: Whole matches all of it, Without no part of it, and it
// has at most Longest characters. An empty expression and a Longest of 0 ask for nothing.
// Both are regular expressions that RE2 and PostgreSQL read in the same way. An empty text
// and other texts go. ASCIIDigits reports that no text with a decimal digit of another script
// has the form, and Numbers that every number has it.
type Match struct {
	Whole, Without string
	Longest        int
	ASCIIDigits    bool
	Numbers        bool
}

// Scrub takes identifiers out of a text. Always reports that every text has a result, which is
// empty if and only if the text is: it goes only if what is known of the people it may name
// could not be had, or a recognizer did not answer.
type Scrub struct{ Always bool }

// Seal replaces an id in a domain with one that only the key can open.
type Seal struct{ Domain string }

// Pseudonym replaces a value with a keyed hash in a shape: hex, base32, digits, uuid, int
// or same. Length is the number of characters; 0 means the shape's default. An empty
// value goes. With a zero Keyed, the pseudonym is that of another tool, which only the
// method knows.
//
// The hash is that of the value (keys.Pseudonymizer.MAC1). Hex and base32 (a-z2-7) are its
// first bits. Digits are its bytes below 250, modulo 10, followed by those of its SHA-512
// if more are needed. A UUID is its first 16 bytes with version 8 and the variant of RFC
// 9562.
type Pseudonym struct {
	Keyed
	Shape  string
	Length int64
}

// Characters returns the length of a hex, base32 or digits pseudonym.
func (p Pseudonym) Characters() int64 {
	if p.Length > 0 {
		return p.Length
	}
	return map[string]int64{"hex": 32, "base32": 26, "digits": 16}[p.Shape]
}

// CheckedNumber replaces a number of Min to Max digits, with or without spaces and
// hyphens, with another one that has a valid check digit. Other values go.
type CheckedNumber struct{ Min, Max int }

// Surrogate replaces a value with an invented one, keyed by person. If the person is
// not known, PerValue keys it by the value; without PerValue, the value goes.
type Surrogate struct{ PerValue bool }

// Noise adds keyed noise of up to Within to a number, in either direction. Within is a
// decimal number; the result has as many digits after the point as it has.
//
// All numbers count in units of the last digit of Within. n is the first eight bytes,
// big-endian, of the keyed hash of the person's name (empty if there is none) and the
// number as written (keys.Pseudonymizer.MAC2). The result is number - Within plus n
// modulo 2·Within+1. A number that is not a whole number of units is first rounded up to
// one, and n is taken modulo 2·Within.
type Noise struct {
	Keyed
	Within string
}

// Hide removes a column, including its name.
type Hide struct{}

// Members keeps the listed members of a JSON object, given as paths of names, and
// removes all others.
type Members struct{ Paths []string }

// Document masks a value that is a FHIR resource by the FHIR rules. With a name, it
// masks a JSON or XML document by the rules for documents of that name.
type Document struct{ Name string }

// Withhold withholds the whole resource that contains the element.
type Withhold struct{}

// Link replaces a link of the upstream with one that leads back to Veil, and removes it
// if there is no server.
type Link struct{}
