package guard

// Canonical reports whether a canonical URL is one that the consumer could see.
func (g *Guard) Canonical(url string) bool { return g.canonical(url) }

// Code reports whether a code of a system is one that the consumer could see.
func (g *Guard) Code(system, code string) bool { return g.code(system, code) }

// Since checks the time of an operation.
func (g *Guard) Since(resourceType, value string) (string, error) {
	return g.since(resourceType, value)
}
