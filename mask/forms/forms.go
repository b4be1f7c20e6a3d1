// Package forms describes what a method can do to a value in terms that an engine
// understands. The definition of a method declares its form, with the arguments that the
// ruleset gives. An engine that can do a form itself, as a database can in SQL, compiles
// it; it leaves any other form to the method. No engine looks at the name of a method.
//
// A form promises that an engine that compiles it gives what the method's Append gives.
package forms

// Keep lets the value pass.
type Keep struct{}

// Remove takes the value out.
type Remove struct{}

// Fixed puts one text in the place of every value.
type Fixed struct{ Text string }

// Unit is a period of the calendar.
type Unit string

// The periods.
const (
	Year    Unit = "year"
	Quarter Unit = "quarter"
	Month   Unit = "month"
)

// Event is what a date is of.
type Event uint8

const (
	// AnyEvent is an event that the person was alive at.
	AnyEvent Event = iota
	// Birth is the person's birth, which tells the age at death or at the reference
	// date, whichever is earlier.
	Birth
	// Death is the person's death, which tells the age beside the birth; without a
	// known birth it goes.
	Death
)

// Period cuts a date to the period that it lies in.
type Period struct {
	Unit Unit
	// MaxAge is the greatest age in years that the date may reveal, counted at the
	// ruleset's reference date; a date that reveals more goes. 0 is no limit.
	MaxAge int
	Of     Event
	// Number asks for a whole number in tables where the unit is a year.
	Number bool
}

// Keyed names the key of a keyed hash: what keys.Keyring.MACSlot is given.
type Keyed struct{ Purpose, Domain string }

// Shift moves all dates of a person by one keyed number of days. What lies between two
// dates of a person stays.
//
// The number follows from n, the first eight bytes of the keyed hash of the person's name
// (keys.Pseudonymizer.MAC1), big-endian, modulo 2·Steps: it is (n-Steps+1)·Days from Steps
// on and -(n+1)·Days below. A date of a person who is not known is cut to its year.
type Shift struct {
	Keyed
	Steps, Days int64
}

// Prefix keeps the first three digits of a US postal code, 000 in the place of those
// that are hidden.
type Prefix struct {
	Hidden []string
	// Abroad says that the code of an address without country and state goes.
	Abroad bool
}

// Cap puts the numbers from a limit on into one category.
type Cap struct {
	// Default is the limit of a number that names no unit; nil is no limit.
	Default *Limit
	// Units are the words for units of time, in lower case, with the limit of each. A
	// number with another unit passes.
	Units map[string]Limit
	// Ages are words that say that a number is an age.
	Ages []string
}

// Limit is the number from which on the numbers are in the category, and the number
// that stands for all of them, in decimal digits.
type Limit struct{ From, To string }

// Multiple replaces a number by a multiple of a decimal number: the nearest one, halves
// up, or the one below.
type Multiple struct {
	Of      string
	Nearest bool
}

// Substring keeps Length characters of a text from From on, counted from 0. A text that
// is not longer than From goes.
type Substring struct{ From, Length int64 }

// Ends keeps the first and last characters of a text and writes Fill for each other
// one. A text of which less than half would be hidden goes.
type Ends struct {
	First, Last int64
	Fill        string
}

// Groups replaces a value by its group: that of a listed case, or that of the band that
// its whole part lies in. Others have the default, or go where it is empty.
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

// Listed keeps a value that is one of a list, without regard to the case of ASCII
// letters and to spaces around it. Others go.
type Listed struct{ Values []string }

// Seal replaces an id by one that only the key can open, in a domain.
type Seal struct{ Domain string }

// Pseudonym replaces a value by a keyed hash in a shape: hex, base32, digits, uuid, int
// or same. Length is the number of characters; 0 is the shape's own. An empty value goes.
// Without a key it is another tool's, which only the method knows.
//
// The hash is that of the value (keys.Pseudonymizer.MAC1). Hex and base32 (a-z2-7) are its
// first bits. Digits are its bytes below 250, modulo 10, and behind its end those of its
// SHA-512. A UUID is its first 16 bytes with version 8 and the variant of RFC 9562.
type Pseudonym struct {
	Keyed
	Shape  string
	Length int64
}

// Characters is how many characters of hex, base32 or digits a pseudonym has.
func (p Pseudonym) Characters() int64 {
	if p.Length > 0 {
		return p.Length
	}
	return map[string]int64{"hex": 32, "base32": 26, "digits": 16}[p.Shape]
}

// CheckedNumber puts another number with a right check digit in the place of one that
// has from Min to Max digits, with spaces and hyphens or without. Others go.
type CheckedNumber struct{ Min, Max int }

// Surrogate puts an invented value in place, keyed by person. PerValue keys it by the
// value where the person is not known; without it such a value goes.
type Surrogate struct{ PerValue bool }

// Noise adds keyed noise to a number, of up to Within either way. The result has as many
// digits behind the point as Within, which is a decimal number.
//
// It counts in units of the last digit of Within. n is the first eight bytes of the keyed
// hash of the person's name, empty for none, and the number as it is written
// (keys.Pseudonymizer.MAC2), big-endian. The result is n modulo 2·Within+1 above number -
// Within; of a number that is no whole number of units, n modulo 2·Within above the next
// one - Within.
type Noise struct {
	Keyed
	Within string
}

// Hide takes a column away, its name and its values.
type Hide struct{}

// Members keeps the listed members of a JSON object, by paths of names, and takes out
// all others.
type Members struct{ Paths []string }

// Document masks a value that is a FHIR resource by the FHIR rules, or, with a name, one
// that is a document of JSON or XML by the rules for documents of that name.
type Document struct{ Name string }

// Withhold withholds the whole resource that has the element.
type Withhold struct{}

// Link replaces a link of the upstream by one that leads back to Veil, and takes it out
// where there is no server.
type Link struct{}
