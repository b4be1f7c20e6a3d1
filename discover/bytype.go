package discover

// byType adds evidence from the SQL type. A type seldom says what a column is, but often
// what it is not.
func (t *tableState) byType(i int) {
	b, c := t.boards[i], &t.Columns[i]
	reason := "the type is " + c.Type
	switch c.family() {
	case boolType:
		b.only(7, reason, Flag, Code, Other)
		b.add(fromType, Flag, 5, reason)
	case dateType, timestampType:
		b.only(9, reason, BirthDate, DeathDate, EventDate)
		b.add(fromType, EventDate, 3, reason)
		b.add(fromType, BirthDate, 2.5, reason)
		b.add(fromType, DeathDate, 2.5, reason)
	case timeType:
		b.only(7, reason, BirthDate, DeathDate, EventDate, Other, Measure)
		b.add(fromType, EventDate, 1, reason)
	case integerType:
		b.only(7, reason, PersonKey, EventKey, Code, Measure, Flag, Other, Age, BirthDate, EventDate, DeathDate, SSN, NationalID,
			MRN, MemberID, Account, License, Phone, Fax, Zip, State, Country, District, City, Demographic, Device)
	case numberType:
		b.only(7, reason, PersonKey, EventKey, Code, Measure, Flag, Other, Age, Geo, EventDate, BirthDate, Account, SSN, NationalID, MRN, MemberID, Phone, Demographic)
		if c.Profile == nil || c.Profile.Decimals > 0 {
			b.add(fromType, Measure, 2, reason)
		}
	case uuidType:
		b.only(8, reason, PersonKey, EventKey, Code, Other, MemberID, MRN, Account, Device)
		b.identifier(fromType, 2, reason)
	case bytesType:
		b.only(7, reason, Photo, Biometric, FreeText, Other, Geo, FHIRDocument)
		b.add(fromType, FreeText, 1, reason)
	case jsonType, xmlType:
		b.only(7, reason, FHIRDocument, FreeText, Other)
		b.add(fromType, FreeText, 2.5, reason)
	case inetType:
		b.add(fromType, IP, 8, reason)
	case geoType:
		b.add(fromType, Geo, 8, reason)
	case textType:
		switch n := c.length(); {
		case n == 0:
		case n == 1:
			b.only(5, reason, Flag, Code, Demographic, Other, Measure, GivenName)
		case n <= 3:
			b.against(fromType, 5, reason, PersonName, Email, Phone, SSN, FreeText, URL, IP, BirthDate, EventDate, Account, License, Username, PersonKey)
		case n < 8:
			b.against(fromType, 4, reason, Email, URL, IP, SSN, FreeText)
		}
	}
}

// only adds that a column of such a type is of none but the given classes.
func (b *board) only(weight float64, reason string, allowed ...Class) {
	may := map[Class]bool{}
	for _, c := range allowed {
		may[c] = true
	}
	for _, info := range classes {
		if !may[info.class] {
			b.add(fromType, info.class, -weight, reason)
		}
	}
}
