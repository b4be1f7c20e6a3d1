package safeharbor

// Category is one of the eighteen identifiers of 45 CFR 164.514(b)(2)(i).
type Category struct {
	// Letter is A to R, the paragraph.
	Letter string
	// Title is a short name.
	Title string
	// Text is the regulation's text.
	Text string
}

// Categories returns the eighteen identifiers in order. "The following
// identifiers of the individual or of relatives, employers, or household
// members of the individual, are removed" (164.514(b)(2)(i)).
func Categories() []Category {
	return []Category{
		{"A", "Names", "Names;"},
		{"B", "Geographic subdivisions", "All geographic subdivisions smaller than a State, including street address, city, county, precinct, zip code, and their equivalent geocodes, except for the initial three digits of a zip code if, according to the current publicly available data from the Bureau of the Census: (1) The geographic unit formed by combining all zip codes with the same three initial digits contains more than 20,000 people; and (2) The initial three digits of a zip code for all such geographic units containing 20,000 or fewer people is changed to 000."},
		{"C", "Dates and ages", "All elements of dates (except year) for dates directly related to an individual, including birth date, admission date, discharge date, death date; and all ages over 89 and all elements of dates (including year) indicative of such age, except that such ages and elements may be aggregated into a single category of age 90 or older;"},
		{"D", "Telephone numbers", "Telephone numbers;"},
		{"E", "Fax numbers", "Fax numbers;"},
		{"F", "E-mail addresses", "Electronic mail addresses;"},
		{"G", "Social security numbers", "Social security numbers;"},
		{"H", "Medical record numbers", "Medical record numbers;"},
		{"I", "Health plan beneficiary numbers", "Health plan beneficiary numbers;"},
		{"J", "Account numbers", "Account numbers;"},
		{"K", "Certificate and license numbers", "Certificate/license numbers;"},
		{"L", "Vehicle identifiers", "Vehicle identifiers and serial numbers, including license plate numbers;"},
		{"M", "Device identifiers", "Device identifiers and serial numbers;"},
		{"N", "URLs", "Web Universal Resource Locators (URLs);"},
		{"O", "IP addresses", "Internet Protocol (IP) address numbers;"},
		{"P", "Biometric identifiers", "Biometric identifiers, including finger and voice prints;"},
		{"Q", "Photographs", "Full face photographic images and any comparable images; and"},
		{"R", "Other unique identifiers", "Any other unique identifying number, characteristic, or code, except as permitted by paragraph (c) of this section"},
	}
}
