package analysis

import (
	"bytes"
	"strings"

	pg "github.com/pganalyze/pg_query_go/v6"
	"github.com/veil-proxy/veil/postgres/rows"
)

// copyOptions reads the options of a COPY. Unknown ones are refused.
func (a *analysis) copyOptions(options []*pg.Node) *rows.CopyFormat {
	f := &rows.CopyFormat{Format: "text"}
	given := map[string]string{}
	for _, n := range options {
		d := n.GetDefElem()
		name := strings.ToLower(d.GetDefname())
		value := ""
		switch x := d.GetArg().GetNode().(type) {
		case *pg.Node_String_:
			value = x.String_.Sval
		case *pg.Node_Boolean:
			value = map[bool]string{true: "true", false: "false"}[x.Boolean.Boolval]
		case *pg.Node_Integer:
			value = map[bool]string{true: "true", false: "false"}[x.Integer.Ival != 0]
		case *pg.Node_List:
			f.Force, _ = dotted(x.List.Items)
		case *pg.Node_AStar:
			f.ForceAll = true
		case nil:
			value = "true"
		default:
			a.unknown(n, "this value of a COPY option")
		}
		switch name {
		case "format":
			f.Format = strings.ToLower(value)
		case "delimiter", "null", "quote", "escape":
			given[name] = value
		case "header":
			switch strings.ToLower(value) {
			case "true", "on", "1":
				f.Header = true
			case "false", "off", "0":
			default:
				a.fail(codeSyntax, 0, "HEADER must be true or false", "")
			}
		case "force_quote":
		case "encoding":
			if _, r := readEncoding(a, []string{value}); r != accepted {
				a.fail("0A000", 0, "COPY writes only UTF-8", "")
			}
		default:
			a.fail("0A000", d.GetLocation(), "this COPY option is not supported", "")
		}
	}
	one := func(name string, def byte) byte {
		v, ok := given[name]
		if !ok {
			return def
		}
		if len(v) != 1 {
			a.fail(codeSyntax, 0, "COPY "+name+" must be a single one-byte character", "")
		}
		return v[0]
	}
	switch f.Format {
	case "text":
		f.Delimiter = one("delimiter", '\t')
		f.Null = []byte(option(given, "null", `\N`))
		if f.Delimiter == '\\' || f.Delimiter == '\n' || f.Delimiter == '\r' || bytes.IndexByte(f.Null, f.Delimiter) >= 0 {
			a.fail(codeSyntax, 0, "COPY delimiter is not allowed", "")
		}
	case "csv":
		f.Delimiter = one("delimiter", ',')
		f.Null = []byte(option(given, "null", ""))
		f.Quote = one("quote", '"')
		f.Escape = one("escape", f.Quote)
	case "binary":
	default:
		a.fail("22023", 0, "COPY format is not recognized", "The formats are text, csv and binary.")
	}
	return f
}

// option returns an option's value, or def if it is not set.
func option(m map[string]string, name, def string) string {
	if v, ok := m[name]; ok {
		return v
	}
	return def
}
