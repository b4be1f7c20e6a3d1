package consumer

import (
	"regexp"
	"strings"
	"testing"
)

func TestScopes(t *testing.T) {
	for _, c := range []struct {
		name, list             string
		read, search           bool // of Observation
		readOther, searchOther bool
	}{
		{name: "empty", list: ""},
		{name: "version 1 read", list: "system/Observation.read", read: true, search: true},
		{name: "version 1 of a user", list: "user/Observation.read", read: true, search: true},
		{name: "version 1 all", list: "system/*.*", read: true, search: true, readOther: true, searchOther: true},
		{name: "version 1 read of all", list: "user/*.read", read: true, search: true, readOther: true, searchOther: true},
		{name: "version 1 all of a type", list: "system/Observation.*", read: true, search: true},
		{name: "version 1 write", list: "system/Observation.write"},
		{name: "version 2 read", list: "system/Observation.r", read: true},
		{name: "version 2 search", list: "system/Observation.s", search: true},
		{name: "version 2 both", list: "system/Observation.rs", read: true, search: true},
		{name: "version 2 all", list: "user/*.cruds", read: true, search: true, readOther: true, searchOther: true},
		{name: "version 2 read of all", list: "system/*.r", read: true, readOther: true},
		{name: "version 2 write", list: "system/Observation.cud"},
		{name: "two scopes", list: "system/Observation.r system/Observation.s", read: true, search: true},
		{name: "two types", list: "system/Observation.s system/Patient.r", search: true, readOther: true},
		{name: "among others", list: "openid fhirUser system/Observation.r offline_access", read: true},
		{name: "spaces", list: "  system/Observation.r   ", read: true},
		{name: "letters out of order", list: "system/Observation.sr"},
		{name: "letter twice", list: "system/Observation.rr"},
		{name: "letter unknown", list: "system/Observation.rx"},
		{name: "no letters", list: "system/Observation."},
		{name: "no permissions", list: "system/Observation"},
		{name: "capital letters", list: "system/Observation.RS"},
		{name: "read and letters", list: "system/Observation.reads"},
		{name: "with a query", list: "system/Observation.rs?category=laboratory"},
		{name: "version 1 with a query", list: "system/Observation.read?category=laboratory"},
		{name: "all with a query", list: "system/*.rs?_tag=x"},
		{name: "empty query", list: "system/Observation.rs?"},
		{name: "with a query beside one without", list: "system/Observation.rs?a=b system/Observation.r", read: true},
		{name: "of a patient", list: "patient/Observation.rs patient/*.read"},
		{name: "launch", list: "launch launch/patient"},
		{name: "context in other case", list: "System/Observation.rs"},
		{name: "no context", list: "/Observation.rs Observation.rs"},
		{name: "longer context", list: "xsystem/Observation.rs"},
		{name: "type in other case", list: "system/observation.rs"},
		{name: "type prefix", list: "system/Obs.rs"},
		{name: "star in a type", list: "system/Obs*.rs system/**.rs"},
		{name: "tab between", list: "system/Observation.rs\tsystem/Patient.rs"},
		{name: "comma between", list: "system/Observation.rs,system/Patient.rs"},
		{name: "two slashes", list: "system//Observation.rs"},
		{name: "two dots", list: "system/Observation..rs"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, _ := parseScopes(c.list)
			if s.MayRead("Observation") != c.read || s.MaySearch("Observation") != c.search ||
				s.MayRead("Patient") != c.readOther || s.MaySearch("Patient") != c.searchOther {
				t.Errorf("Observation %t %t, Patient %t %t", s.MayRead("Observation"), s.MaySearch("Observation"), s.MayRead("Patient"), s.MaySearch("Patient"))
			}
		})
	}
}

func TestNilScopesAllow(t *testing.T) {
	var s *Scopes
	if !s.MayRead("Patient") || !s.MaySearch("Patient") || !s.MaySearch("") {
		t.Error("nil scopes refuse")
	}
}

func TestScopesWithin(t *testing.T) {
	account, _ := parseScopes("system/Patient.r system/Observation.rs")
	token, _ := parseScopes("system/*.s system/Patient.rs")
	token.within = account
	for _, c := range []struct {
		typ          string
		read, search bool
	}{
		{"Patient", true, false},
		{"Observation", false, true},
		{"Condition", false, false},
		{"", false, false},
	} {
		if token.MayRead(c.typ) != c.read || token.MaySearch(c.typ) != c.search {
			t.Errorf("%q: %t %t", c.typ, token.MayRead(c.typ), token.MaySearch(c.typ))
		}
	}
}

var (
	plainReadScope   = regexp.MustCompile(`^(?:system|user)/(\*|[A-Z][A-Za-z]{0,63})\.(?:read|\*|c?ru?d?s?)$`)
	plainSearchScope = regexp.MustCompile(`^(?:system|user)/(\*|[A-Z][A-Za-z]{0,63})\.(?:read|\*|c?r?u?d?s)$`)
)

// granted is the slow twin of Scopes.
func granted(list, typ string, form *regexp.Regexp) bool {
	for _, scope := range strings.Split(list, " ") {
		if m := form.FindStringSubmatch(scope); m != nil && (m[1] == "*" || m[1] == typ) {
			return true
		}
	}
	return false
}

func FuzzScopes(f *testing.F) {
	for _, list := range []string{
		"", "system/*.*", "user/Patient.read", "system/Patient.cruds patient/*.rs", "system/Patient.rs?_id=1", "openid  system/*.s", "system/Patient.\n",
	} {
		f.Add(list, "Patient")
	}
	f.Fuzz(func(t *testing.T, list, typ string) {
		s, idle := parseScopes(list)
		if got, want := s.MayRead(typ), granted(list, typ, plainReadScope); got != want {
			t.Errorf("MayRead %t, want %t", got, want)
		}
		if got, want := s.MaySearch(typ), granted(list, typ, plainSearchScope); got != want {
			t.Errorf("MaySearch %t, want %t", got, want)
		}
		if idle == 0 && strings.Trim(list, " ") != "" && len(s.read)+len(s.search) == 0 {
			t.Error("nothing is granted, and no scope is named for it")
		}
	})
}
