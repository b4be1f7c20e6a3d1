package catalog

// CastFrom is a cast to a type.
type CastFrom struct {
	Source   *Type
	implicit bool
}

func castsInto(types map[uint32]*Type) map[uint32][]CastFrom {
	into := map[uint32][]CastFrom{}
	for _, t := range types {
		for _, cast := range t.Casts {
			into[cast.Target] = append(into[cast.Target], CastFrom{t, cast.Implicit})
		}
	}
	return into
}

// Restricted returns the type inside typ, or typ itself, that has casts defined in the
// database, if there is one.
func (c *Catalog) Restricted(oid uint32) *Type { return c.restrictedWithin(oid, 0) }

func (c *Catalog) restrictedWithin(oid uint32, depth int) *Type {
	t := c.Type(oid)
	if t == nil || depth > 16 {
		return nil
	}
	if c.CastsImplicitly(t) {
		return t
	}
	for _, inner := range append([]uint32{t.base, t.Element}, fieldTypes(t)...) {
		if inner != 0 && inner != oid {
			if f := c.restrictedWithin(inner, depth+1); f != nil {
				return f
			}
		}
	}
	return nil
}

// CastsImplicitly reports whether PostgreSQL can apply a cast from or to the type
// implicitly.
func (c *Catalog) CastsImplicitly(t *Type) bool {
	own := t.Schema == "pg_catalog"
	for _, cast := range t.Casts {
		to := c.Type(cast.Target)
		switch {
		case to == nil:
			return true
		case own && to.Schema != "pg_catalog":
			// It cannot be used where the target type is expected.
		case cast.Implicit, !own && t.Kind != 'e', to.OID == OIDJSON, to.OID == OIDJSONB:
			// Functions that make JSON call the cast that is made by request. What
			// becomes of a value is not followed but by its restriction.
			return true
		}
	}
	for _, cast := range c.casts[t.OID] {
		if !own && cast.implicit {
			return true
		}
	}
	return false
}

// Contains reports whether a type is another one, a domain over it, or composed of it.
func (c *Catalog) Contains(oid, other uint32, depth int) bool {
	t := c.Type(oid)
	if oid == other || t == nil || depth > 16 {
		return true
	}
	for _, inner := range append([]uint32{t.base, t.Element}, fieldTypes(t)...) {
		if inner != 0 && inner != oid && c.Contains(inner, other, depth+1) {
			return true
		}
	}
	return false
}

func fieldTypes(t *Type) (out []uint32) {
	for _, f := range t.Fields {
		out = append(out, f.Type)
	}
	return out
}

// CastsTo returns the casts to a type by functions defined in the database.
func (c *Catalog) CastsTo(oid uint32) []CastFrom { return c.casts[oid] }
