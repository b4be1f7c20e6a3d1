package text

// A Label is the kind of identifier that a span is.
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

// String returns the label as Labels writes it, such as NAME.
func (l Label) String() string {
	if l >= numLabels {
		return "OTHER"
	}
	return labelNames[l]
}

// Span is a part of a text that identifies somebody. Start and End are byte offsets at
// character boundaries.
type Span struct {
	Start, End int
	Label      Label
	// Rule names the detector that found the span, such as known-name or date-numeric.
	Rule string
	// Value is the number of the span's known value, as the KnownBuilder returned it, or 0.
	Value int
	// Encoded reports that the identifier is in the text in another encoding, such as
	// M&uuml;ller, or with markup inside. Value is then 0.
	Encoded bool
}
