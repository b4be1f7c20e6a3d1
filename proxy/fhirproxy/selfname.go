package fhirproxy

import (
	"encoding/json"
	"strings"
)

// A FHIR server may write a base URL into its references that differs from the configured
// one. To Veil, these are references to an unknown server, and they are removed. So the
// operator is told, once for each place where the upstream names itself.

// seenMetadata compares the URL that the upstream's CapabilityStatement names.
func (s *Server) seenMetadata(body []byte) {
	var c struct{ Implementation struct{ URL string } }
	if s.metadataSeen.Swap(true) || json.Unmarshal(body, &c) != nil || c.Implementation.URL == "" {
		return
	}
	if u, ok := s.up.Known(c.Implementation.URL); !ok {
		base := strings.TrimSuffix(u.Scheme+"://"+u.Host+u.Path, "/")
		s.shared.Log().Warn("the upstream's metadata names a base URL that is not configured: references under it are removed",
			"door", "fhir", "implementation_url", base, "setting", "fhir.upstreamAliases")
	}
}

// seenSelf compares the self link of a response. Its path may contain values, so only the
// host is reported.
func (s *Server) seenSelf(self string) {
	if s.selfSeen.Load() || s.selfSeen.Swap(true) {
		return
	}
	if u, ok := s.up.Known(self); !ok {
		s.shared.Log().Warn("the upstream's self link is below a base URL that is not configured: references under it are removed",
			"door", "fhir", "self_host", u.Scheme+"://"+u.Host, "setting", "fhir.upstreamAliases")
	}
}

// seenForeign logs, once, that references under an unknown base URL were removed. The
// audit records count each.
func (s *Server) seenForeign(m *masker) {
	if n := m.pass.Counts[m.view.automaton.UnknownBase()]; n > 0 && !s.foreignSeen.Load() && !s.foreignSeen.Swap(true) {
		s.shared.Log().Warn("references under base URLs that are not configured are removed", "request_id", m.pass.Origin.RequestID, "door", "fhir",
			"operation", m.pass.Origin.Operation, "count", n, "rule", "fhir.references", "setting", "fhir.upstreamAliases")
	}
}
