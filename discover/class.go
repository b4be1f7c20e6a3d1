package discover

import "slices"

// Class says what the values of a column are.
type Class string

// The classes.
const (
	GivenName        Class = "given-name"
	FamilyName       Class = "family-name"
	PersonName       Class = "person-name"
	OrganizationName Class = "organization-name"
	Street           Class = "street"
	City             Class = "city"
	District         Class = "district"
	Zip              Class = "zip"
	State            Class = "state"
	Country          Class = "country"
	Geo              Class = "geo"
	BirthDate        Class = "birth-date"
	DeathDate        Class = "death-date"
	EventDate        Class = "event-date"
	Age              Class = "age"
	Phone            Class = "phone"
	Fax              Class = "fax"
	Email            Class = "email"
	SSN              Class = "ssn"
	NationalID       Class = "national-id"
	MRN              Class = "mrn"
	MemberID         Class = "member-id"
	Account          Class = "account"
	License          Class = "license"
	Vehicle          Class = "vehicle"
	Device           Class = "device"
	URL              Class = "url"
	IP               Class = "ip"
	Biometric        Class = "biometric"
	Photo            Class = "photo"
	Username         Class = "username"
	FreeText         Class = "free-text"
	PersonKey        Class = "person-key"
	EventKey         Class = "event-key"
	FHIRDocument     Class = "fhir-document"
	Demographic      Class = "demographic"
	Code             Class = "code"
	Measure          Class = "measure"
	Flag             Class = "flag"
	Other            Class = "other"
)

// classInfo describes a class of columns.
type classInfo struct {
	class Class
	// category is that of 45 CFR 164.514(b)(2)(i), or empty.
	category  string
	sensitive bool
	quasi     bool
	what      string // in words, plural
}

var classes = []classInfo{
	{GivenName, "A", true, false, "given names"},
	{FamilyName, "A", true, false, "family names"},
	{PersonName, "A", true, false, "names of persons"},
	{OrganizationName, "", false, false, "names of organizations"},
	{Street, "B", true, false, "street addresses"},
	{City, "B", true, false, "cities"},
	{District, "B", true, false, "districts"},
	{Zip, "B", true, false, "ZIP codes and postcodes"},
	{State, "", false, true, "states and provinces"},
	{Country, "", false, true, "countries"},
	{Geo, "B", true, false, "coordinates"},
	{BirthDate, "C", true, false, "dates of birth"},
	{DeathDate, "C", true, false, "dates of death"},
	{EventDate, "C", true, false, "dates of events"},
	{Age, "C", true, false, "ages"},
	{Phone, "D", true, false, "phone numbers"},
	{Fax, "E", true, false, "fax numbers"},
	{Email, "F", true, false, "e-mail addresses"},
	{SSN, "G", true, false, "Social Security numbers"},
	{NationalID, "R", true, false, "national identifiers"},
	{MRN, "H", true, false, "medical record numbers"},
	{MemberID, "I", true, false, "numbers of members and insured persons"},
	{Account, "J", true, false, "account and card numbers"},
	{License, "K", true, false, "license and certificate numbers"},
	{Vehicle, "L", true, false, "vehicle numbers and plates"},
	{Device, "M", true, false, "device identifiers and serial numbers"},
	{URL, "N", true, false, "URLs"},
	{IP, "O", true, false, "IP addresses"},
	{Biometric, "P", true, false, "biometric data"},
	{Photo, "Q", true, false, "photographs"},
	{Username, "R", true, false, "user names"},
	{FreeText, "R", true, false, "free text"},
	{PersonKey, "R", true, false, "keys of persons"},
	{EventKey, "R", true, false, "keys of records about persons"},
	{FHIRDocument, "R", true, false, "FHIR resources"},
	{Demographic, "", false, true, "demographic data"},
	{Code, "", false, false, "codes"},
	{Measure, "", false, false, "measures"},
	{Flag, "", false, false, "flags"},
	{Other, "", false, false, "other data"},
}

// info returns the description of a class.
func (c Class) info() classInfo {
	i := slices.IndexFunc(classes, func(i classInfo) bool { return i.class == c })
	if i < 0 {
		i = len(classes) - 1
	}
	return classes[i]
}

// IsClass reports whether there is a class with the name.
func IsClass(name string) bool {
	return slices.ContainsFunc(classes, func(i classInfo) bool { return string(i.class) == name })
}

// Classes returns all classes.
func Classes() []Class {
	out := make([]Class, len(classes))
	for i := range classes {
		out[i] = classes[i].class
	}
	return out
}

// What returns what the values of a class are, in words, in the plural.
func (c Class) What() string { return c.info().what }
