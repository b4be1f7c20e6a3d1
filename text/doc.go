// Package text finds identifiers in free text and replaces them.
//
// A Finder has the dictionaries; it is made once and shared. A Scanner reads texts with
// it, one after the other, on one goroutine. What is known of the record that a text
// belongs to (names, numbers, addresses, dates) goes into a Known, and is found in
// whatever way it is written.
//
//	var b text.KnownBuilder
//	b.AddName("Ann Smith")
//	b.AddID("12345678")
//	known := b.Build()
//	scanner := text.New(text.Options{}).Scanner()
//	spans := scanner.Find(nil, note, known)
//	clean := text.Replace(nil, note, spans, text.Labels)
//
// A text is cut into tokens, and each token is looked up once in one table of all
// dictionaries, by the hash of its folded form. Detectors are automata over tokens that
// look at a bounded number of neighbours, so the time is linear in the length of any
// text. Long texts are read in blocks that overlap.
//
// It is one package because the detectors read the same tokens of one Scanner, each what
// the earlier ones have left.
//
// What a Scanner finds depends on nothing but text, known values and options. Neither
// errors nor panics have anything of a text in them.
//
// Finding is not certain: a text can say who somebody is in words that no list and no
// rule knows. See docs/text.md for what was measured.
package text
