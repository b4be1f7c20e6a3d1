package values

// Kind is what a value can be, judged by itself: it has the form of an e-mail address,
// the check digit of an IBAN, or is in a list of names.
type Kind uint8

// The kinds. A value can be of several kinds.
const (
	Email Kind = iota
	URL
	IP
	MAC
	UUID
	Hex
	Version
	Path
	Phone
	PhoneDigits
	SSN
	SSNDigits
	NationalForm
	NationalChecked
	MedicareID
	NPI
	DEA
	IBANForm
	IBANChecked
	CardForm
	CardChecked
	VINForm
	VINChecked
	Plate
	UDI
	Serial
	Date
	Timestamp
	Time
	CompactDate
	Year
	PersonYear
	Zip
	Zip4
	Postcode
	Street
	Unit
	CityName
	DistrictName
	StateName
	StateCode
	CountryName
	CountryCode
	GivenName
	FamilyName
	PersonName
	NameTitle
	NameSuffix
	OrgName
	Sex
	Marital
	Race
	Language
	LanguageCode
	Religion
	Occupation
	YesNo
	ICD10
	LOINC
	NDC
	Procedure
	ATC
	SNOMED
	MeasureUnit
	Term
	Word
	Token
	Identifier
	Phrase
	Sentence
	TextWithIdentifier
	JSON
	FHIR
	XML
	HL7
	ImageData
	DocumentData
	Bytes
	Integer
	Decimal
	Username
	Capitalized
	numKinds
)

// words says of each kind how values of it are spoken of in a reason.
var words = [numKinds]string{
	Email: "have the form of an e-mail address", URL: "are URLs", IP: "are IP addresses", MAC: "are MAC addresses",
	UUID: "are UUIDs", Hex: "are hexadecimal digests", Version: "are version numbers", Path: "are names of files or paths",
	Phone: "have the form of a phone number", PhoneDigits: "have as many digits as a phone number",
	SSN: "have the form of a valid SSN", SSNDigits: "could be an SSN without hyphens",
	NationalForm: "have the form of a national identifier", NationalChecked: "have the check digit of a national identifier",
	MedicareID: "have the form of an insurance number", NPI: "have the form of an NPI", DEA: "have the form of a DEA number",
	IBANForm: "have the form of an IBAN", IBANChecked: "have the check digits of an IBAN",
	CardForm: "have the form of a card number", CardChecked: "have the check digit of a card number",
	VINForm: "have the form of a VIN", VINChecked: "have the check digit of a VIN", Plate: "have the form of a license plate",
	UDI: "have the form of a UDI", Serial: "have the form of a serial number",
	Date: "are dates", Timestamp: "are dates with a time", Time: "are times of day", CompactDate: "are dates as digits",
	Year: "are years", PersonYear: "are years in which living persons were born",
	Zip: "have the form of a ZIP code", Zip4: "have the form of a ZIP+4 code", Postcode: "have the form of a postcode",
	Street: "have the form of a street address", Unit: "have the form of a flat, floor or box",
	CityName: "are names of cities", DistrictName: "are names of districts", StateName: "are names of states or provinces",
	StateCode: "are codes of states or provinces", CountryName: "are names of countries", CountryCode: "are codes of countries",
	GivenName: "are given names", FamilyName: "are family names", PersonName: "have the form of a person's full name",
	NameTitle: "are titles", NameSuffix: "are suffixes of names", OrgName: "read like names of organizations",
	Sex: "are terms for sex or gender", Marital: "are terms for marital status", Race: "are terms for race or ethnicity",
	Language: "are names of languages", LanguageCode: "are codes of languages", Religion: "are names of religions",
	Occupation: "are occupations", YesNo: "are yes or no", ICD10: "have the form of an ICD-10 code",
	LOINC: "have the check digit of a LOINC code", NDC: "have the form of an NDC", Procedure: "have the form of a CPT or HCPCS code",
	ATC: "have the form of an ATC code", SNOMED: "have the check digit of a SNOMED CT code", MeasureUnit: "are units of measure",
	Term: "are common terms", Word: "are single words", Token: "are short codes", Identifier: "have the form of an identifier",
	Phrase: "are phrases", Sentence: "are sentences", TextWithIdentifier: "are texts with dates, phone numbers or names in them",
	JSON: "are JSON", FHIR: "are FHIR resources", XML: "are XML", HL7: "are HL7 version 2 messages",
	ImageData: "are images", DocumentData: "are documents", Bytes: "are bytes", Integer: "are whole numbers",
	Decimal: "are decimal numbers", Username: "have the form of a user name", Capitalized: "are capitalized words",
}

// String returns the name for values of a kind.
func (k Kind) String() string { return words[k] }

// kinds is a set of kinds.
type kinds [2]uint64

func (s *kinds) add(k Kind)     { s[k/64] |= 1 << (k % 64) }
func (s kinds) has(k Kind) bool { return s[k/64]&(1<<(k%64)) != 0 }
