package table

// Type is the type of a column, independent of the source. It defines how the text of a
// value is read, and how a masked value is written. Package table/cells converts values
// to these texts and back.
type Type uint8

const (
	// Other is a scalar type of which only the text is known.
	Other Type = iota
	// Text is a string.
	Text
	// Bool is true or false.
	Bool
	// Integer is a whole number, such as -7.
	Integer
	// Decimal is an exact decimal number, such as 1.50.
	Decimal
	// Float is a binary number as its shortest decimal text, such as 0.1 or 1e+20.
	Float
	// Date is a day: 2006-01-02.
	Date
	// Timestamp is a moment without a time zone: 2006-01-02 15:04:05.999999.
	Timestamp
	// TimestampTZ is a moment with a time zone, in UTC: 2006-01-02 15:04:05.999999+00.
	TimestampTZ
	// UUID is a UUID in lower case with hyphens.
	UUID
	// JSON is a JSON value.
	JSON
	// XML is an XML document or fragment.
	XML
	// Opaque is a value that no method masks: bytes, a record, a nested list. It is either
	// kept or removed.
	Opaque
)

// IsNumber reports whether a type has exact decimal numbers.
func (t Type) IsNumber() bool { return t == Integer || t == Decimal }

// IsTime reports whether a type is a date or a timestamp.
func (t Type) IsTime() bool { return t == Date || t == Timestamp || t == TimestampTZ }
