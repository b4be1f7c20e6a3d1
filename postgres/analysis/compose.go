package analysis

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	pg "github.com/pganalyze/pg_query_go/v6"

	"github.com/veil-proxy/veil/postgres/catalog"
	"github.com/veil-proxy/veil/postgres/rows"
	"github.com/veil-proxy/veil/table"
)

// Texts that are made of keyed values. What some functions of SQL give, Veil computes of the
// masked values once they are known (rows.Composed). Until then such a text is a keyed value
// of its own, which can be selected and handed on, and nothing else. What SQL can mask
// itself is masked there instead.

// composing has the functions that Veil computes.
var composing = map[string]composed{
	"concat": {texts: anyTexts, loose: true}, "concat_ws": {texts: anyTexts, loose: true}, "||": {texts: 2, loose: true}, "replace": {texts: 3},
	"lower": {texts: 1, ascii: true}, "upper": {texts: 1, ascii: true},
	"btrim": {texts: 1}, "ltrim": {texts: 1}, "rtrim": {texts: 1},
	"left": {texts: 1, fewest: 1, most: 1}, "right": {texts: 1, fewest: 1, most: 1},
	"substr": {texts: 1, fewest: 1, most: 2}, "substring": {texts: 1, fewest: 1, most: 2, name: "substr"},
	"length": {texts: 1, shown: catalog.OIDInt4}, "char_length": {texts: 1, name: "length", shown: catalog.OIDInt4},
	"character_length": {texts: 1, name: "length", shown: catalog.OIDInt4}, "octet_length": {texts: 1, shown: catalog.OIDInt4}, "md5": {texts: 1},
}

const anyTexts = -1

// composed describes the arguments of a function: a number of texts, and then whole
// numbers, which must be constants.
type composed struct {
	texts, fewest, most int
	// loose: the texts may be values of other types. ascii: what another case is depends on
	// the database, but for the letters of ASCII.
	loose, ascii bool
	// name is the function's in rows, where it has another; shown the type of its result,
	// where it is no text.
	name  string
	shown uint32
}

// arguments are the texts and numbers of a call.
func (k composed) arguments(vs []value) (texts []value, numbers []int, ok bool) {
	n := k.texts
	if n == anyTexts {
		n = len(vs)
	}
	if len(vs) < n+k.fewest || len(vs) > n+k.most {
		return nil, nil, false
	}
	for i, v := range vs[n:] {
		c, isConstant := constantOf(v.node)
		x, err := strconv.ParseInt(c.text, 10, 32)
		if !isConstant || !c.number || err != nil || i == 1 && x < 0 {
			return nil, nil, false
		}
		numbers = append(numbers, int(x))
	}
	return vs[:n], numbers, true
}

// composition is a text being composed: its steps, and the parts that PostgreSQL sends.
type composition struct {
	rows.Composed
	nodes []*pg.Node
	ascii bool // all of its characters are ASCII
	// blind: a part may be NULL where PostgreSQL cannot tell.
	blind bool
	keyed *keying
	// traits has those of the parts, as far as they are known.
	traits []trait
}

// composes reports whether masked values can be parts of a text.
func (s *keying) composes(loose bool) bool {
	return !s.Array && (catalog.IsVarying(s.shown) || loose && (s.composed != nil && s.shown == catalog.OIDInt4 || s.shown == catalog.OIDUUID || s.shown == catalog.OIDInt8))
}

// compose makes a keyed text from values by a function. ok is false if none is keyed, or
// if it is not possible.
func (a *analysis) compose(name string, vs []value) (out value, ok bool) {
	kind, known := composing[name]
	if name == "||" && slices.ContainsFunc(vs, func(v value) bool { return v.keying != nil && v.keying.shown == catalog.OIDJSONB }) {
		return a.joinJSON(vs)
	}
	if !known || firstKeying(vs...) == nil {
		return out, false
	}
	texts, numbers, ok := kind.arguments(vs)
	if !ok {
		return out, false
	}
	c := &composition{ascii: true}
	plain := true // PostgreSQL has no operator || for two values that are not texts
	for _, v := range texts {
		if v.restricted != nil || v.computed || v.keying != nil && !v.keying.composes(kind.loose) {
			return out, false
		}
		if v.keying != nil && v.keying.inSQL != nil {
			a.refuseKeyed(v.keying, 0, "cannot be part of a text", "", "") // SQL masks it
		}
		plain = plain && v.keying != nil && !catalog.IsVarying(v.keying.shown)
	}
	step := &rows.Step{Function: name, Numbers: numbers}
	if kind.name != "" {
		step.Function = kind.name
	}
	for _, v := range texts {
		step.Of = append(step.Of, c.add(a, v, name))
	}
	if name == "||" && plain || kind.ascii && !c.ascii || len(c.Parts) > rows.MostParts {
		return out, false
	}
	c.Step = step
	shown := kind.shown
	if shown == 0 {
		shown = catalog.OIDText
	}
	return a.madeText(c, shown), true
}

// add adds a value to the parts, in the text form that the function uses.
func (c *composition) add(a *analysis, v value, function string) *rows.Step {
	if m := v.made; m != nil {
		return moved(m.Step, c.take(m))
	}
	part := rows.Part{Clear: true}
	var n *pg.Node
	if s := v.keying; s != nil {
		part = rows.Part{Masking: &s.Masking, Composed: s.composed, Action: a.action(s.Action)}
		n = cast(v.node, "text")
		c.ascii = c.ascii && s.onlyASCII()
		c.note(s)
	} else {
		n = clearText(v.node, function)
		k := v.node.GetAConst()
		c.ascii = c.ascii && k.GetVal() != nil && isASCII(k.GetSval().GetSval())
	}
	if len(c.traits) == len(c.Parts) {
		c.traits = append(c.traits, traitOf(v, n))
	}
	c.Parts, c.nodes = append(c.Parts, part), append(c.nodes, coalesce(n, text("")))
	return &rows.Step{Part: len(c.Parts) - 1}
}

func (c *composition) note(s *keying) {
	c.blind = c.blind || !s.nulls
	if c.keyed == nil {
		c.keyed = s
	}
}

// onlyASCII reports whether masked values have no other letters.
func (s *keying) onlyASCII() bool {
	return s.ascii || s.composed == nil && (s.hashed || s.comparable)
}

// moved returns steps whose parts come after others.
func moved(s *rows.Step, by int) *rows.Step {
	out := *s
	out.Of = nil
	if s.Function == "" {
		out.Part += by
	}
	for _, o := range s.Of {
		out.Of = append(out.Of, moved(o, by))
	}
	return &out
}

// clearText returns a value that contains no original as a part: its text in the form
// that the function uses. For concat, NULL is an empty text.
func clearText(n *pg.Node, function string) *pg.Node {
	plus := cast(text("+"), "text")
	if function != "concat" && function != "concat_ws" {
		return op("||", plus, n)
	}
	if c, ok := constantOf(n); ok && c.param > 0 && n.GetTypeCast() == nil {
		n = cast(n, "text")
	}
	if function == "concat" {
		return op("||", plus, call("concat", n))
	}
	given := &pg.Node{Node: &pg.Node_AExpr{AExpr: &pg.A_Expr{Kind: pg.A_Expr_Kind_AEXPR_DISTINCT, Name: names("="), Lexpr: n, Rexpr: null()}}}
	return when(given, op("||", plus, call("concat", n)))
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// madeText returns the keyed value of a composition: a record of its parts.
func (a *analysis) madeText(c *composition, shown uint32) value {
	s := &keying{
		Masking:  table.Masking{Action: c.keyed.Action, Class: "a text of several", Type: table.Text},
		composed: &c.Composed, ascii: c.ascii, shown: shown, typ: a.catalog.Type(shown), column: c.keyed.column,
	}
	return value{node: c.tested(s, row(append([]*pg.Node{a.tagText()}, c.nodes...)...)), keying: s, made: c}
}

// mixed analyses a choice between keyed values of one kind and texts that contain no
// original, and changes their nodes. choose writes the choice again. ok is false if it is
// not such a choice.
func (a *analysis) mixed(vs []value, nodes []**pg.Node, choice func() *pg.Node) (out value, ok bool) {
	s := firstKeying(vs...)
	others := false
	for _, v := range vs {
		switch {
		case v.null:
		case v.keying == nil:
			others = true
			if v.restricted != nil {
				return out, false
			}
		case !sameKeying(v.keying, s) || v.keying.inSQL != nil || v.computed || !v.keying.composes(false):
			return out, false
		}
	}
	if s == nil || !others {
		return out, false
	}
	for i, v := range vs {
		switch {
		case v.null:
			*nodes[i] = cast(null(), "text")
		case v.keying != nil:
			*nodes[i] = cast(v.node, "text")
		default:
			*nodes[i] = clearText(v.node, "||")
		}
	}
	c := &composition{nodes: []*pg.Node{coalesce(choice(), text(""))}}
	c.note(s)
	c.Parts = []rows.Part{{Masking: &s.Masking, Composed: s.composed, Action: a.action(s.Action), Clear: true}}
	c.traits = []trait{traitOf(value{keying: s}, nil)}
	c.Step = &rows.Step{}
	return a.madeText(c, catalog.OIDText), true
}

// orElse is COALESCE of values that Veil makes, of which PostgreSQL cannot tell whether
// they are NULL. The others are treated as having the type of the first. ok is false if
// there is none.
func (a *analysis) orElse(vs []value) (out value, ok bool) {
	s := firstKeying(vs...)
	if s == nil || !slices.ContainsFunc(vs, func(v value) bool { return v.keying != nil && v.keying.composed != nil }) {
		return out, false
	}
	c, step := &composition{ascii: true}, &rows.Step{Function: "coalesce"}
	for _, v := range vs {
		switch {
		case v.restricted != nil || v.computed || v.keying != nil && (v.keying.Array || v.keying.inSQL != nil):
			return out, false
		case v.keying != nil && v.keying.shown != s.shown && !(catalog.IsVarying(v.keying.shown) && catalog.IsVarying(s.shown)):
			return out, false
		case v.null:
			continue
		case v.keying == nil:
			typ := a.catalog.Type(s.shown)
			if typ == nil {
				return out, false
			}
			v.node = cast(cast(v.node, typ.Name), "text")
		}
		step.Of = append(step.Of, c.add(a, v, "||"))
	}
	c.Step = step
	return a.madeText(c, s.shown), len(c.Parts) <= rows.MostParts
}

// format analyses SQL's format with a constant text that has only %s.
func (a *analysis) format(vs []value) (out value, ok bool) {
	k, isConstant := constantOf(vs[0].node)
	if firstKeying(vs[1:]...) == nil || !isConstant || k.param > 0 || k.null || k.number {
		return out, false
	}
	c, step := &composition{}, &rows.Step{Function: "concat"}
	rest, next := k.text, 1
	for {
		before, after, more := strings.Cut(rest, "%")
		step.Of = append(step.Of, literal(before))
		if !more {
			break
		}
		switch {
		case strings.HasPrefix(after, "%"):
			step.Of = append(step.Of, literal("%"))
		case !strings.HasPrefix(after, "s") || next >= len(vs):
			return out, false
		default:
			v := vs[next]
			if next++; v.restricted != nil || v.computed || v.keying != nil && !v.keying.composes(true) {
				return out, false
			}
			if v.keying != nil && v.keying.inSQL != nil {
				a.refuseKeyed(v.keying, 0, "cannot be part of a text", "", "") // SQL masks it
			}
			step.Of = append(step.Of, c.add(a, v, "concat"))
		}
		rest = after[1:]
	}
	if c.Step = step; c.keyed == nil || len(c.Parts) > rows.MostParts {
		return out, false
	}
	return a.madeText(c, catalog.OIDText), true
}

// castText casts a keyed value to a text, which may truncate it.
func (a *analysis) castText(v value, t *catalog.Type, name *pg.TypeName) (out value, ok bool) {
	s := v.keying
	if s == nil || s.inSQL != nil || v.computed || !s.composes(true) && s.composed == nil || t == nil || !catalog.IsVarying(t.OID) || len(name.ArrayBounds) > 0 || len(name.Typmods) > 1 {
		return out, false
	}
	c := &composition{ascii: true}
	c.Step = c.add(a, v, "||")
	if len(name.Typmods) == 1 {
		n := name.Typmods[0].GetAConst().GetIval().GetIval()
		if n < 1 {
			return out, false
		}
		c.Step = &rows.Step{Function: "left", Of: []*rows.Step{c.Step}, Numbers: []int{int(n)}}
	}
	return a.madeText(c, t.OID), true
}
