package guard

import (
	"slices"
	"strings"

	"github.com/veil-proxy/veil/mask"
)

// UsableTypes returns the resource types that are not withheld, in order.
func (g *Guard) UsableTypes() []string {
	var types []string
	for _, t := range g.a.ResourceTypes() {
		if g.usable(t) {
			types = append(types, t)
		}
	}
	return types
}

// ContentType reports whether the ruleset passes the content of a Binary of a media
// type unchanged (fhir.contentTypes).
func (g *Guard) ContentType(mime string) bool {
	return slices.ContainsFunc(g.a.Policy.Ruleset.FHIR.ContentTypes, func(t string) bool { return strings.EqualFold(t, mime) })
}

// CountContent counts content that passed unchanged.
func (g *Guard) CountContent(pass *mask.Pass) {
	g.a.CountContent(pass)
}
