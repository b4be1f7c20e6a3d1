package analysis

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/veil-proxy/veil/postgres/catalog"
)

// systemView has what a consumer sees of the system relations.
type systemView struct {
	arrays  *strings.Replacer
	visible map[uint32]bool
	enums   map[uint32]bool
	types   map[uint32]bool
	// named has the schemas with a visible relation or type.
	named map[string]bool
}

// visibleObjects collects what is visible of a database, in the terms of the conditions on
// system relations.
type visibleObjects struct {
	*overlay
	view *systemView

	relations, tables, schemas, types, enums []string
	columns, attributes, hidden              []string
	indexes, indexNames, partitioned         []string
	// shown and told have the masked columns by the type that they are shown with: by number,
	// and by name.
	shown, told map[uint32][]string
	// masked has the types of columns that are not returned unchanged.
	masked map[uint32]bool
	// used has the types that visible columns are shown with, and their component types.
	used map[uint32]bool
	// seen has the schemas with a visible relation.
	seen map[string]bool
}

// newSystemView collects the visible objects of an overlay.
func newSystemView(o *overlay) *systemView {
	x := &visibleObjects{
		overlay: o, view: &systemView{visible: map[uint32]bool{}, enums: map[uint32]bool{}, types: map[uint32]bool{}, named: map[string]bool{}},
		shown: map[uint32][]string{}, told: map[uint32][]string{}, masked: map[uint32]bool{}, used: map[uint32]bool{}, seen: map[string]bool{},
	}
	for _, r := range o.catalog.Relations() {
		if !catalog.IsSystem(r.Schema) {
			x.relation(r, o.shapes[r.OID])
		}
	}
	for t := range o.catalog.Types() {
		if t.OID >= catalog.FirstUser {
			x.typ(t)
		}
	}
	slices.Sort(x.types)
	slices.Sort(x.enums)
	x.view.arrays = x.replacer()
	return x.view
}

// decimal writes an OID.
func decimal(oid uint32) string { return strconv.FormatUint(uint64(oid), 10) }

// relation adds a relation with its columns and indexes.
func (x *visibleObjects) relation(r *catalog.Relation, s *shape) {
	if s.refused != "" || s.unlisted {
		for _, a := range r.Columns {
			if r.Kind != 'v' { // a view's values are those of what it reads
				x.masked[a.Type] = true
			}
		}
		return
	}
	x.view.visible[r.OID] = true
	x.relations = append(x.relations, decimal(r.OID))
	x.tables = append(x.tables, r.Schema+"."+r.Name)
	if !x.seen[r.Schema] {
		x.seen[r.Schema] = true
		x.schemas = append(x.schemas, r.Schema)
		x.view.named[r.Schema] = true
	}
	if len(r.Partitioned) > 0 && s.shows(r.Partitioned) {
		x.partitioned = append(x.partitioned, decimal(r.OID))
	}
	for _, i := range r.Plain {
		if s.shows(i.Keys) {
			x.indexes, x.indexNames = append(x.indexes, decimal(i.OID)), append(x.indexNames, r.Schema+"."+i.Name)
			x.relations = append(x.relations, decimal(i.OID))
		}
	}
	if s.expand {
		for i := range r.Columns {
			x.column(r, &r.Columns[i])
			x.use(r.Columns[i].Type)
		}
		return
	}
	for _, c := range s.columns {
		x.shapeColumn(r, c)
	}
}

// column adds a visible column.
func (x *visibleObjects) column(r *catalog.Relation, a *catalog.Attribute) {
	x.columns = append(x.columns, r.Schema+"."+r.Name+"."+a.Name)
	x.attributes = append(x.attributes, decimal(r.OID)+" "+a.Name, decimal(r.OID)+" "+strconv.Itoa(int(a.Number)))
}

// shapeColumn adds a column according to its treatment.
func (x *visibleObjects) shapeColumn(r *catalog.Relation, c *shapeColumn) {
	key := strconv.FormatInt(int64(r.OID)*65536+int64(c.Number), 10)
	if c.treatment != Clear {
		x.masked[c.Type] = true
	}
	if c.treatment == Hidden {
		x.hidden = append(x.hidden, key)
		return
	}
	if c.treatment == Clear {
		x.use(c.Type)
	} else {
		x.use(c.shown)
		x.shown[c.shown] = append(x.shown[c.shown], key)
		x.told[c.shown] = append(x.told[c.shown], r.Schema+"."+r.Name+"."+c.Name)
	}
	x.column(r, &c.Attribute)
}

// use records the type of a visible column: drivers look it up, with all its components,
// even if it is in a schema of an extension, where nothing else is visible.
func (x *visibleObjects) use(oid uint32) {
	t := x.catalog.Type(oid)
	if t == nil || x.used[oid] {
		return
	}
	x.used[oid] = true
	x.use(t.Element)
	if base := x.catalog.Base(oid); base != nil {
		x.use(base.OID)
	}
	for i := range t.Fields {
		x.use(t.Fields[i].Type)
	}
}

// typ adds a type of the database, if it is visible: used, an array of a used type, or in a
// schema with a visible relation.
func (x *visibleObjects) typ(t *catalog.Type) {
	element := t
	if e := x.catalog.Type(t.Element); t.Element != 0 && e != nil {
		element = e
	}
	if r := x.catalog.Named(element.Schema, element.Name); element.Kind == 'c' && r != nil && !x.view.visible[r.OID] {
		return
	}
	if !x.seen[t.Schema] && !catalog.IsSystem(t.Schema) {
		if !x.used[t.OID] && !x.used[t.Element] {
			return
		}
	}
	x.view.named[t.Schema] = true
	x.types = append(x.types, decimal(t.OID))
	x.view.types[t.OID] = true
	if t.Relation != 0 {
		x.relations = append(x.relations, decimal(t.Relation)) // whose fields it has
	}
	if t.Kind == 'e' && !x.masked[t.OID] {
		x.enums = append(x.enums, decimal(t.OID))
		x.view.enums[t.OID] = true
	}
}

// namespaces returns the names and OIDs of the schemas that may be named.
func (x *visibleObjects) namespaces() []string {
	named := slices.Sorted(maps.Keys(x.view.named))
	out := slices.Clone(named)
	for _, schema := range append(named, "pg_catalog", "information_schema", "public") {
		out = append(out, schema)
		if oid, _ := x.catalog.Schema(schema); oid != 0 {
			out = append(out, decimal(oid))
		}
	}
	return out
}

// typeCases returns the expressions of a column's type and modifier in pg_attribute, as
// shown.
func (x *visibleObjects) typeCases() (typ, modifier string) {
	if len(x.shown) == 0 {
		return "atttypid", "atttypmod"
	}
	const number = "attrelid::pg_catalog.int8 * 65536 + attnum"
	var all []string
	typ = "CASE"
	for _, t := range slices.Sorted(maps.Keys(x.shown)) {
		typ += fmt.Sprintf(" WHEN "+number+" = ANY (%s) THEN %d::pg_catalog.oid", arraySQL(x.shown[t], "int8"), t)
		all = append(all, x.shown[t]...)
	}
	return typ + " ELSE atttypid END", "CASE WHEN " + number + " = ANY (" + arraySQL(all, "int8") + ") THEN -1 ELSE atttypmod END"
}

// replacer inserts the lists into conditions and expressions.
func (x *visibleObjects) replacer() *strings.Replacer {
	settings := append(shownNames(), "DateStyle", "IntervalStyle", "TimeZone")
	slices.Sort(settings)
	typ, modifier := x.typeCases()
	told := func(column string, of func(*catalog.Type) string) string {
		return toldCase(x.catalog, x.told, column, of)
	}
	return strings.NewReplacer(
		"{relations}", arraySQL(x.relations, "oid"), "{tables}", arraySQL(x.tables, "text"),
		"{indexes}", arraySQL(x.indexes, "oid"), "{indexnames}", arraySQL(x.indexNames, "text"), "{partitioned}", arraySQL(x.partitioned, "oid"),
		"{columns}", arraySQL(x.columns, "text"), "{attributes}", arraySQL(x.attributes, "text"), "{hidden}", arraySQL(x.hidden, "int8"),
		"{types}", arraySQL(x.types, "oid"), "{enums}", arraySQL(x.enums, "oid"),
		"{schemas}", arraySQL(x.schemas, "text"), "{named}", arraySQL(slices.Sorted(maps.Keys(x.view.named)), "text"), "{namespaces}", arraySQL(x.namespaces(), "text"),
		"{datatype}", told("data_type", dataTypeName), "{udtschema}", told("udt_schema", func(t *catalog.Type) string { return t.Schema }),
		"{udtname}", told("udt_name", func(t *catalog.Type) string { return t.Name }),
		"{settings}", arraySQL(settings, "text"), "{shown}", typ, "{modifier}", modifier,
	)
}
