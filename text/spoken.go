package text

// spokenNumber finds digits written as they are spoken, from the first of them on: a
// telephone number, a number after a label, and a date of birth.
func (s *Scanner) spokenNumber(i int) bool {
	if s.goesOnSpeaking(i) {
		return false
	}
	to, words, digits := i, 0, 0
	for times := 1; ; {
		j := to
		if words > 0 && (s.at(j).char == '-' || s.at(j).char == ',') && s.at(j).gap == joined {
			j++
		}
		if words > 0 && s.at(j).gap > line || j >= len(s.toks) || !s.free(j) {
			break
		}
		t := s.at(j)
		if n := repeats[t.hash]; n > 0 && s.spokenDigits(j+1) == 1 && s.at(j+1).gap == space {
			times, to = n, j+1
			continue
		}
		n := s.spokenDigits(j)
		if n == 0 {
			break
		}
		if n == 1 && words > 0 && s.spokenTens(j-1) && t.gap <= space {
			n = 0 // fifty two
		}
		digits += n * times
		times = 1
		words++
		to = j + 1
	}
	switch {
	case digits < 4 || s.shortlyAfter(i, recitals):
		return false
	case digits >= 7 && words >= 5, words >= 4 && s.labelBefore(i, fPhoneLabel):
		label := Phone
		if s.labelBefore(i, fIDLabel) && !s.labelBefore(i, fPhoneLabel) {
			label = ID
		}
		s.add(i, to, label, "spoken")
	case words >= 4 && s.labelBefore(i, fIDLabel):
		s.add(i, to, ID, "spoken")
	case words >= 3 && s.shortlyAfter(i, births):
		s.add(i, to, Date, "date-spoken")
	default:
		return false
	}
	return true
}

// shortlyAfter reports whether one of some words is among the four before a token: born on,
// my birthday is.
func (s *Scanner) shortlyAfter(i int, words wordSet) bool {
	for j := i - 1; j >= i-4 && j >= 0 && s.at(j+1).gap <= line; j-- {
		if words.has(s.at(j).hash) {
			return true
		}
	}
	return false
}

// goesOnSpeaking reports whether a token is inside digits that were read from the first on.
func (s *Scanner) goesOnSpeaking(i int) bool {
	j := i - 1
	if c := s.at(j).char; (c == ',' || c == '-') && s.at(j).gap == joined {
		j--
	}
	return s.at(i).gap <= line && s.free(j) && (s.spokenDigits(j) > 0 || j == i-1 && repeats[s.at(j).hash] > 0)
}

// spokenDigits returns the number of digits that a word stands for, or 0 if it is not a
// number.
func (s *Scanner) spokenDigits(i int) int {
	t := s.at(i)
	switch {
	case t.kind != word || t.flags&fAnchor == 0:
		return 0
	case spokenOnes.has(t.hash):
		return 1
	case spokenTeens.has(t.hash) || tens.has(t.hash):
		return 2
	}
	return 0
}

func (s *Scanner) spokenTens(i int) bool { return s.at(i).kind == word && tens.has(s.at(i).hash) }

// spokenDay returns the end of an ordinal in words, or of a day as a spoken number: third,
// the twenty first.
func (s *Scanner) spokenDay(i int) int {
	j := i
	if s.at(j).hash == hashThe && s.at(j).gap <= line {
		j++
	}
	if s.at(j).gap > line {
		return i
	}
	if s.spokenTens(j) {
		k := j + 1
		if s.is(k, '-') {
			k++
		}
		if spokenOrdinals.has(s.at(k).hash) && s.at(k).gap <= space {
			return k + 1
		}
	}
	if spokenOrdinals.has(s.at(j).hash) {
		return j + 1
	}
	return i
}

// spokenYear returns the end of a year written as it is spoken: nineteen fifty two, two
// thousand and three.
func (s *Scanner) spokenYear(i int) int {
	j := i
	if s.at(j).char == ',' {
		j++
	}
	if s.at(j).gap > line || s.at(j).kind != word {
		return i
	}
	to := j + 1
	switch h := s.at(j).hash; {
	case h == hashTwo && s.at(to).hash == hashThousand:
		if to++; s.at(to).hash == hashAnd && s.spokenDigits(to+1) > 0 {
			to++
		}
	case centuries.has(h) && s.at(to).gap <= line && (s.spokenDigits(to) == 2 || spokenZeros.has(s.at(to).hash) && s.spokenDigits(to+1) == 1 || s.at(to).hash == hashHundred):
	default:
		return i
	}
	for range 2 {
		k := to
		if s.is(k, '-') {
			k++
		}
		if s.at(k).gap > line || s.spokenDigits(k) == 0 && s.at(k).hash != hashHundred {
			break
		}
		to = k + 1
	}
	return to
}

// spokenDate returns the end of a date that continues in words after its month, or the
// token.
func (s *Scanner) spokenDate(month, i int) int {
	day := s.spokenDay(i)
	year := s.spokenYear(day)
	if year == day {
		if end, ok := s.yearAt(s.skipOf(day), false); ok && day > i {
			year = end
		}
	}
	if year == day && day > i && s.at(month).hash == hashMay && s.at(i).hash != hashThe && !s.dateContext(month) {
		return i
	}
	return year
}

// spokenBefore returns the start of a day in words before a month: the third of March.
func (s *Scanner) spokenBefore(month int) int {
	i := month - 1
	if s.at(i).hash != hashOf2[0] || s.at(month).gap != space || !spokenOrdinals.has(s.at(i-1).hash) || s.at(i).gap != space {
		return month
	}
	i--
	if s.is(i-1, '-') && s.spokenTens(i-2) {
		i -= 2
	} else if s.spokenTens(i - 1) {
		i--
	}
	return i
}

var (
	spokenZeros    = hashSet("oh", "zero", "o", "null", "cero", "zéro", "nul")
	spokenOnes     = hashSet("oh", "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "null", "eins", "zwei", "zwo", "drei", "vier", "fünf", "sechs", "sieben", "acht", "neun", "cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve", "zéro", "deux", "trois", "quatre", "cinq", "sept", "huit", "neuf")
	spokenTeens    = hashSet("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
	tens           = hashSet("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
	spokenOrdinals = hashSet("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth", "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth", "thirtieth")
	centuries      = hashSet("eighteen", "nineteen", "twenty")
	births         = hashSet("born", "birth", "birthday", "birthdate", "dob")
	// recitals has words in memory tests.
	recitals = hashSet("span", "digit", "digits", "sequence", "count", "counts", "counted", "counting", "recall", "recalled", "repeat", "repeats", "repeated", "serial", "backward", "backwards", "forward")
	repeats  = map[uint64]int{hashOf("double"): 2, hashOf("triple"): 3}

	hashTwo, hashThousand, hashHundred = hashOf("two"), hashOf("thousand"), hashOf("hundred")
)
