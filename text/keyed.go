package text

// keyed reports whether the key of a name precedes a token, as programs write keys:
// <family>, family=, <family value=", "family":", "given":[".
func (s *Scanner) keyed(i int) bool {
	if s.at(i).gap != joined {
		return false
	}
	j := i - 1
	switch s.at(j).char {
	case '>':
		return s.at(j-2).char == '<' && s.isNameKey(j-1)
	case '=':
		return s.isNameKey(j - 1)
	case '"', '\'':
		if s.is(j-1, '=') && s.at(j-2).hash == hashValue && s.at(j-4).char == '<' {
			return s.isNameKey(j - 3)
		}
		j--
		for s.at(j).char == ':' || s.at(j).char == '[' {
			j--
		}
		return j < i-2 && (s.at(j).char == '"' || s.at(j).char == '\'') && s.isNameKey(j-1)
	}
	return false
}

// isNameKey reports whether a word is a key whose value is a name.
func (s *Scanner) isNameKey(i int) bool {
	t := s.at(i)
	return t.kind == word && t.gap == joined && nameKeys.has(t.hash)
}

var (
	hashValue = hashOf("value")
	nameKeys  = hashSet("given", "family", "firstname", "lastname", "surname", "forename", "givenname", "familyname", "middlename", "fullname", "patientname", "name", "fname", "lname", "vorname", "nachname", "prénom", "nom", "apellido", "apellidos", "nombre", "cognome", "nome", "voornaam", "achternaam")
)
