package consumer

import "strings"

// Scopes are the resource types that a consumer may read and search, from SMART scopes:
// "system/Observation.read" and "user/*.*" of SMART App Launch 1.0.0, and
// "system/Observation.rs" of 2.2.0 (Scopes for requesting FHIR resources), where r is
// read and s is search. They are immutable; nil Scopes allow everything.
//
// Only scopes that can be enforced grant access. These grant nothing: a scope with a
// query ("?category=…"), because Veil does not check resources against it; a patient's
// scope, because Veil has no launch context; one that only writes; and one that is not
// about resources, such as openid.
type Scopes struct {
	read, search map[string]bool // by type; "*" is every type
	within       *Scopes         // grants no more than the other
}

// MayRead reports whether resources of a type may be read.
func (s *Scopes) MayRead(resourceType string) bool {
	return s == nil || (s.read["*"] || s.read[resourceType]) && s.within.MayRead(resourceType)
}

// MaySearch reports whether resources of a type may be searched. The empty type
// is a search over all types.
func (s *Scopes) MaySearch(resourceType string) bool {
	return s == nil || (s.search["*"] || s.search[resourceType]) && s.within.MaySearch(resourceType)
}

// parseScopes reads a scope list (RFC 6749, 3.3). idle is the place of the first
// scope, counted from 1, that grants nothing, or 0.
func parseScopes(list string) (s *Scopes, idle int) {
	s = &Scopes{read: map[string]bool{}, search: map[string]bool{}}
	place := 0
	for scope := range strings.SplitSeq(list, " ") {
		if scope == "" {
			continue
		}
		place++
		typ, read, search := parseScope(scope)
		if read {
			s.read[typ] = true
		}
		if search {
			s.search[typ] = true
		}
		if !read && !search && idle == 0 {
			idle = place
		}
	}
	return s, idle
}

// parseScope returns what one scope grants on which type, or on "*".
func parseScope(scope string) (typ string, read, search bool) {
	context, rest, _ := strings.Cut(scope, "/")
	typ, permissions, _ := strings.Cut(rest, ".")
	if context != "system" && context != "user" || typ != "*" && !isTypeName(typ) {
		return "", false, false
	}
	if permissions == "read" || permissions == "*" {
		return typ, true, true
	}
	// The letters of version 2 come once each and in order.
	order := "cruds"
	for i := range len(permissions) {
		at := strings.IndexByte(order, permissions[i])
		if at < 0 {
			return "", false, false
		}
		order = order[at+1:]
		read = read || permissions[i] == 'r'
		search = search || permissions[i] == 's'
	}
	return typ, read, search
}

// isTypeName reports whether s has the form of a resource type, such as Patient.
func isTypeName(s string) bool {
	if s == "" || len(s) > 64 || s[0] < 'A' || s[0] > 'Z' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			return false
		}
	}
	return true
}

// scopes checks the scopes of an account; empty ones are nil. Here, a scope that grants
// nothing is a mistake.
func (b *builder) scopes(where, list string) *Scopes {
	if list == "" {
		return nil
	}
	s, idle := parseScopes(list)
	switch {
	case idle > 0:
		b.add(where, "scope %d grants nothing: expected system/ or user/, a resource type or *, and .read or .rs", idle)
	case len(s.read)+len(s.search) == 0:
		b.add(where, "it contains no scope")
	}
	return s
}
