package upstream

import (
	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/proxy/fhirproxy/lend"
)

// Converter converts XML to JSON and back, and caches repeated resources. It is not safe
// for concurrent use.
type Converter struct {
	Reader *fhirxml.Reader
	Writer *fhirxml.Writer
}

// Convert lends a converter to f.
func (u *Server) Convert(f func(c *Converter)) {
	fresh := func() *Converter {
		return &Converter{fhirxml.NewReader(u.config.Schema, true), fhirxml.NewWriter(u.config.Schema, true)}
	}
	lend.To(u.converters, fresh, func(c *Converter) struct{} {
		f(c)
		return struct{}{}
	})
}
