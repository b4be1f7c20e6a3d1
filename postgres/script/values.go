package script

import "errors"

// ErrValue is returned for a value in an INSERT that pg_dump would not write.
var ErrValue = errors.New("a value that pg_dump does not write")

// Values reads the rows of an INSERT: signs and values, and the text after them.
type Values struct {
	Text []byte
	// At is the current position.
	At    int
	Plain bool
}

// next returns the token that comes next, without what is blank.
func (v *Values) next() (kind Kind, s []byte, err error) {
	for v.At < len(v.Text) {
		if v.Text[v.At] == ' ' {
			v.At++
			continue
		}
		kind, end, err := Scan(v.Text, v.At, v.Plain)
		if err != nil {
			return 0, nil, err
		}
		if end == More {
			return 0, nil, ErrValue
		}
		s, v.At = v.Text[v.At:end], end
		if kind != Comment {
			return kind, s, nil
		}
	}
	return 0, nil, ErrValue
}

// Sign takes a sign if it comes next.
func (v *Values) Sign(want string) bool {
	at := v.At
	if at < len(v.Text) {
		switch c := v.Text[at]; c {
		case ',', '(', ')', ';': // a token of its own, and nearly always what is asked for
			if len(want) == 1 && want[0] == c {
				v.At++
				return true
			}
			return false
		}
	}
	kind, s, err := v.next()
	if err == nil && kind == Sign && string(s) == want {
		return true
	}
	v.At = at
	return false
}

// Value takes a value: NULL is nil.
func (v *Values) Value() ([]byte, error) {
	kind, s, err := v.next()
	if err != nil {
		return nil, err
	}
	out := s
	switch kind {
	case Text, Bits, Number:
	case Word:
		switch {
		case EqualFold(s, "null"):
			out = nil
		case !EqualFold(s, "true") && !EqualFold(s, "false") && !EqualFold(s, "default"):
			return nil, ErrValue
		}
	case Sign:
		from := v.At - len(s)
		if len(s) != 1 || s[0] != '-' {
			return nil, ErrValue
		}
		if kind, _, err = v.next(); err != nil || kind != Number {
			return nil, ErrValue
		}
		out = v.Text[from:v.At]
	default:
		return nil, ErrValue
	}
	return out, v.cast()
}

// cast goes over a cast: a column's value has the column's type without it.
func (v *Values) cast() error {
	if !v.Sign("::") {
		return nil
	}
	for depth := 0; ; {
		at := v.At
		kind, s, err := v.next()
		switch {
		case err != nil:
			return err
		case kind == Sign && s[0] == '(':
			depth++
		case kind == Sign && s[0] == ')' && depth > 0:
			depth--
		case depth == 0 && kind == Sign && (s[0] == ',' || s[0] == ')'):
			v.At = at
			return nil
		case kind != Word && kind != Name && kind != Number && kind != Sign:
			return ErrValue
		}
	}
}

// Tail reads the text after the rows, to the end of the statement.
func (v *Values) Tail() (string, error) {
	if v.Sign(";") {
		return ";\n", nil
	}
	for _, w := range []string{"on", "conflict", "do", "nothing"} {
		if kind, s, err := v.next(); err != nil || kind != Word || !EqualFold(s, w) {
			return "", ErrValue
		}
	}
	if !v.Sign(";") {
		return "", ErrValue
	}
	return " ON CONFLICT DO NOTHING;\n", nil
}
