package pgdump

import (
	"slices"

	"github.com/veil-proxy/veil/postgres/script"
)

// view is a view that was written: a relation with columns for others to read.
type view struct {
	script.Object
	columns []*column
}

// createView reads a view. It is written if its query is one SELECT over relations of the
// output, names no column that is left out, has no constants, and computes only with kept
// columns: a masked one may be selected as it is, and compared with one that is masked
// alike.
func (b *batch) createView(p *script.Parser, materialized bool) {
	l := lostViews
	if materialized {
		l = lostMaterialized
	}
	o, ok := p.Object()
	if ok && p.Take("with") {
		_, ok = p.Group() // options that only add restrictions
	}
	if !ok || !p.Take("as") {
		b.lose(l)
		return
	}
	query := p.Until()
	if n := len(query); n > 3 && query[n-2].Is("no") && query[n-1].Is("data") { // WITH NO DATA
		query = query[:n-3]
	}
	late := len(b.db.keys) > 0
	b.write(func(w *batch) {
		if w.config.Rules.Names((&relation{Object: o}).names()) {
			w.lose(l) // its rules are about its own rows, which masked tables do not produce
			return
		}
		v := &viewQuery{db: w.db, aliases: map[string]*view{}}
		if !v.read(query) || late && v.groups {
			w.lose(l) // a view that groups by a key needs the key
			return
		}
		w.db.views[o] = &view{o, v.out}
		kind := "VIEW "
		end := ""
		if materialized {
			kind, end = "MATERIALIZED VIEW ", " WITH NO DATA"
		}
		w.put("CREATE ", kind, o.SQL(), " AS ", script.SQL(query), end)
	})
}

// refresh fills a materialized view from masked rows.
func (b *batch) refresh(p *script.Parser) {
	o, ok := p.Object()
	b.write(func(w *batch) {
		if ok && w.db.views[o] != nil {
			w.put("REFRESH MATERIALIZED VIEW ", o.SQL())
		}
	})
}

// viewQuery is the query of a view being read.
type viewQuery struct {
	db *database
	// relations has the relations that it reads, in order, and aliases their names.
	relations []*view
	aliases   map[string]*view
	groups    bool
	out       []*column
}

// relation finds a table or view of the output.
func (v *viewQuery) relation(o script.Object) *view {
	if r := v.db.relations[o]; r.written() {
		w := &view{Object: o}
		for _, c := range r.columns {
			if c.shown {
				w.columns = append(w.columns, c)
			}
		}
		return w
	}
	return v.db.views[o]
}

// read checks a query.
func (v *viewQuery) read(query []script.Token) bool {
	p := &script.Parser{Tokens: query}
	if !p.Take("select") {
		return false
	}
	distinct := p.Take("distinct")
	items := p.Until("from")
	if distinct && p.Peek(0).Is("on") || !p.Take("from") {
		return false
	}
	from := p.Until("where", "group", "having", "order", "limit", "offset", "union", "intersect", "except", "window", "for", "fetch")
	rest := p.Until()
	conditions, ok := v.from(from)
	if !ok {
		return false
	}
	for _, item := range script.List(items) {
		if !v.item(item) {
			return false
		}
	}
	for _, c := range conditions {
		if !v.expression(c) {
			return false
		}
	}
	return v.clauses(&script.Parser{Tokens: rest})
}

// clauses checks what follows FROM.
func (v *viewQuery) clauses(p *script.Parser) bool {
	for !p.Done() {
		var expr []script.Token
		switch {
		case p.Take("where"), p.Take("having"):
			expr = p.Until("group", "having", "order")
			if !v.expression(expr) {
				return false
			}
			continue
		case p.Phrase("group by"):
			v.groups = true
			expr = p.Until("having", "order")
		case p.Phrase("order by"):
			expr = p.Until()
		default:
			return false
		}
		for _, e := range script.List(expr) {
			for len(e) > 1 && (e[len(e)-1].Is("desc") || e[len(e)-1].Is("asc") || e[len(e)-1].Is("first") || e[len(e)-1].Is("last") || e[len(e)-1].Is("nulls")) {
				e = e[:len(e)-1]
			}
			if v.column(e) == nil && !v.expression(e) {
				return false
			}
		}
	}
	return true
}

// from reads the relations and the conditions of joins.
func (v *viewQuery) from(tokens []script.Token) (conditions [][]script.Token, ok bool) {
	p := &script.Parser{Tokens: tokens}
	for !p.Done() {
		t := p.Peek(0)
		switch {
		case p.Take("on"):
			condition, ok := p.Group()
			if !ok {
				return nil, false
			}
			conditions = append(conditions, condition)
		case t.Kind == script.Word && joinWords[t.Text], t.Is("("), t.Is(")"), t.Is(","):
			p.At++
		default:
			o, ok := p.Object()
			w := v.relation(o)
			if !ok || w == nil || o.Schema == "" {
				return nil, false
			}
			alias := o.Name
			if n := p.Peek(0); n.IsName() && !(n.Kind == script.Word && (joinWords[n.Text] || n.Text == "on")) {
				alias = n.Text
				p.At++
			}
			if v.aliases[alias] != nil || p.Peek(0).Is("(") {
				return nil, false
			}
			v.aliases[alias] = w
			v.relations = append(v.relations, w)
		}
	}
	return conditions, len(v.relations) > 0
}

var joinWords = set("join", "left", "right", "full", "inner", "outer", "cross")

// column finds the column that tokens name; nil if they are something else, or name none.
func (v *viewQuery) column(tokens []script.Token) *column {
	find := func(w *view, name string) *column {
		i := slices.IndexFunc(w.columns, func(c *column) bool { return c.name == name })
		if i < 0 {
			return nil
		}
		return w.columns[i]
	}
	switch {
	case len(tokens) == 3 && tokens[0].IsName() && tokens[1].Is(".") && tokens[2].IsName():
		if w := v.aliases[tokens[0].Text]; w != nil {
			return find(w, tokens[2].Text)
		}
	case len(tokens) == 1 && tokens[0].IsName() && len(v.relations) == 1:
		return find(v.relations[0], tokens[0].Text)
	}
	return nil
}

// item checks an item of the list of columns.
func (v *viewQuery) item(tokens []script.Token) bool {
	name := ""
	if n := len(tokens); n > 2 && tokens[n-2].Is("as") && tokens[n-1].IsName() {
		name, tokens = tokens[n-1].Text, tokens[:n-2]
	}
	out := &column{shown: true, keeps: true}
	if c := v.column(tokens); c != nil {
		copied := *c
		out = &copied
	} else if name == "" || !v.expression(tokens) {
		return false
	}
	if name != "" {
		out.name = name
	}
	v.out = append(v.out, out)
	return true
}

// expression checks an expression over columns. It may compute with kept columns, and
// compare two that are masked alike.
func (v *viewQuery) expression(tokens []script.Token) bool {
	var bare []script.Token
	for i := 0; i < len(tokens); i++ {
		end := i + 1
		if i+2 < len(tokens) && tokens[i].IsName() && tokens[i+1].Is(".") {
			end = i + 3
		}
		c := v.column(tokens[i:end])
		switch {
		case c == nil && end == i+3 && !tokens[i].Is("pg_catalog"):
			return false
		case c == nil:
			bare = append(bare, tokens[i])
			continue
		case !c.keeps:
			// The other side of a comparison.
			if end < len(tokens) && tokens[end].Is("=") && i > 0 && tokens[i-1].Is("(") {
				other := tokens[end+1 : min(len(tokens), end+4)]
				after := end + 1 + len(other)
				if o := v.column(other); o != nil && !o.keeps && o.class == c.class && c.class != "" && after < len(tokens) && tokens[after].Is(")") {
					bare = append(bare, script.Token{Kind: script.Word, Text: "true"})
					i = after - 1
					continue
				}
			}
			return false
		}
		bare = append(bare, script.Token{Kind: script.Name, Text: columnMark})
		i = end - 1
	}
	return harmless(bare, func(n string) bool { return n == columnMark })
}

// columnMark replaces a kept column; it is not a possible identifier.
const columnMark = "\x00"
