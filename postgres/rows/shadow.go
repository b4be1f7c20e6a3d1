package rows

import (
	"regexp"
	"strconv"
)

// ShadowKind says how a shadow column compares: the bare original of a keyed column.
type ShadowKind uint8

const (
	// ShadowNone is for columns that cannot be compared.
	ShadowNone ShadowKind = iota
	// ShadowText compares as a text.
	ShadowText
	// ShadowInteger compares as a whole number.
	ShadowInteger
	// ShadowUUID compares as a UUID.
	ShadowUUID
	// ShadowCast compares as the text that it is cast to.
	ShadowCast
)

var (
	integerForm = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,17}|-?[1-8][0-9]{18})$`)
	uuidForm    = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$`)
)

// Form returns the regular expression of texts that are values of the kind; empty if all
// are.
func (k ShadowKind) Form() string {
	switch k {
	case ShadowInteger:
		return integerForm.String()
	case ShadowUUID:
		return uuidForm.String()
	}
	return ""
}

// Writes reports whether a value of the kind would be written exactly as the text.
func (k ShadowKind) Writes(text string) bool {
	switch k {
	case ShadowInteger:
		_, err := strconv.ParseInt(text, 10, 64)
		return err == nil && integerForm.MatchString(text)
	case ShadowUUID:
		return uuidForm.MatchString(text)
	}
	return true
}
