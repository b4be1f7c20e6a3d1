package text

// A Label says what kind of identifier a span is.
type Label uint8

// The labels.
const (
	None Label = iota
	Name
	Location
	Date
	Age
	Phone
	Email
	ID
	URL
	IP
	Org
	Profession
	Other
	numLabels
)

var labelNames = [numLabels]string{
	None: "", Name: "NAME", Location: "LOCATION", Date: "DATE", Age: "AGE", Phone: "PHONE", Email: "EMAIL",
	ID: "ID", URL: "URL", IP: "IP", Org: "ORG", Profession: "PROFESSION", Other: "OTHER",
}

// String returns the label as it is written in place of a span, such as NAME.
func (l Label) String() string {
	if l >= numLabels {
		return "OTHER"
	}
	return labelNames[l]
}

// Span is a part of a text that identifies somebody. Offsets count bytes and stand
// between characters.
type Span struct {
	Start, End int
	Label      Label
	// Rule names the detector that found the span, such as known-name or date-numeric.
	Rule string
	// Value is the number of the known value that the span is, as the builder returned it, or 0.
	Value int
	// Encoded means that the text has what was found in another encoding, such as M&uuml;ller,
	// or has markup inside it. Then there is no Value.
	Encoded bool
}
