package analysis

import (
	"regexp"
	"strconv"
)

// twinKind says how a shadow column compares: the bare original of a keyed column.
type twinKind uint8

const (
	// twinNone: it does not.
	twinNone twinKind = iota
	// twinText compares as a text, twinInteger as a whole number, twinUUID as a UUID.
	twinText
	twinInteger
	twinUUID
	// twinCast compares as the text that it is cast to.
	twinCast
)

var (
	integerForm = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,17}|-?[1-8][0-9]{18})$`)
	uuidForm    = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
)

// form is the regular expression of texts that are values of the kind; empty where all are.
func (k twinKind) form() string {
	switch k {
	case twinInteger:
		return integerForm.String()
	case twinUUID:
		return uuidForm.String()
	}
	return ""
}

// writes reports whether a value that compares so is written as the text.
func (k twinKind) writes(text string) bool {
	switch k {
	case twinInteger:
		_, err := strconv.ParseInt(text, 10, 64)
		return err == nil && integerForm.MatchString(text)
	case twinUUID:
		return uuidForm.MatchString(text)
	}
	return true
}
