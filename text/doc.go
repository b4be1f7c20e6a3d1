// Package text finds identifiers in free text and replaces them.
//
// A Finder holds the dictionaries; create one and share it. A Scanner uses it to read
// texts, one after the other, on one goroutine. The known values of the record that a
// text belongs to (names, numbers, addresses, dates) go into a Known, and are found
// however they are written.
//
//	var b text.KnownBuilder
//	b.AddName("Ann Smith")
//	b.AddID("12345678")
//	known := b.Build()
//	scanner := text.New(text.Options{}).Scanner()
//	spans := scanner.Find(nil, note, known)
//	clean := text.Replace(nil, note, spans, text.Labels)
//
// A text is split into tokens, and each token is looked up once in one table of all
// dictionaries, by the hash of its folded form. Detectors are automata over tokens that
// look at a bounded number of neighbours, so the time is linear in the length of any
// text. Long texts are read in blocks that overlap.
//
// It is one package because all detectors read the same tokens of one Scanner, each only
// those that earlier ones have not taken.
//
// The result of a Scanner depends only on the text, the known values and the options.
// Neither errors nor panics contain any part of a text.
//
// Detection is not certain: a text can identify somebody in words that no list or
// rule covers. See docs/text.md for measurements.
package text
