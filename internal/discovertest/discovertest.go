// Package discovertest makes databases with labelled columns and invented values, to
// measure discovery with and to run it against. Schemas are in several languages, with
// short names, names that say nothing and names that lie.
package discovertest

import (
	"embed"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed schemas/*.txt
var files embed.FS

// Schema is a labelled schema.
type Schema struct {
	Name     string
	language string
	Tables   []Table
}

// Table is a table of a schema.
type Table struct {
	Name    string
	Columns []Column
}

// Column is a column with its label.
type Column struct {
	Name, Type string
	// Classes are the classes that are right, the best first.
	Classes []string
	// Sensitive is yes, no or either.
	Sensitive string
	generator string
}

// Schemas returns all schemas.
func Schemas() []Schema {
	entries, err := files.ReadDir("schemas")
	if err != nil {
		panic(err)
	}
	var out []Schema
	for _, e := range entries {
		text, err := files.ReadFile("schemas/" + e.Name())
		if err != nil {
			panic(err)
		}
		out = append(out, parse(strings.TrimSuffix(e.Name(), ".txt"), string(text)))
	}
	return out
}

func parse(name, text string) Schema {
	s := Schema{Name: name}
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		switch {
		case len(f) == 0 || f[0] == "#" || strings.HasPrefix(line, "#"):
		case f[0] == "language" && len(f) == 2:
			s.language = f[1]
		case f[0] == "table" && len(f) == 2:
			s.Tables = append(s.Tables, Table{Name: f[1]})
		default:
			t := &s.Tables[len(s.Tables)-1]
			t.Columns = append(t.Columns, Column{f[0], f[1], strings.Split(f[2], "/"), f[3], strings.Join(f[4:], " ")})
		}
	}
	return s
}

// Rows are the filled tables of a schema: cells by table, row and column; nil is NULL.
type Rows map[string][][]*string

// Fill makes so many rows for each table, the same for the same schema.
func (s *Schema) Fill(n int) Rows {
	h := fnv.New64a()
	_, _ = h.Write([]byte(s.Name))
	r := rand.New(rand.NewPCG(h.Sum64(), 7)) //nolint:gosec // invented values, the same each time
	rows := Rows{}
	for number, t := range s.Tables {
		base := 204110 + 70010*number // keys of different tables differ
		for i := range n {
			p := newPerson(r, s.language)
			row := make([]*string, len(t.Columns))
			for k, c := range t.Columns {
				row[k] = s.value(c, p, base+13*i, rows)
			}
			rows[t.Name] = append(rows[t.Name], row)
		}
	}
	return rows
}

// value makes a value, or nil in one of ten cells that may be empty.
func (s *Schema) value(c Column, p *person, key int, rows Rows) *string {
	kind, arg, _ := strings.Cut(c.generator, ":")
	if kind != "key" && kind != "fk" && p.r.IntN(10) == 0 || kind == "death" && p.r.IntN(4) > 0 {
		return nil
	}
	var v string
	switch kind {
	case "key":
		v = strconv.Itoa(key)
		if arg != "" {
			v = arg + v[len(v)-4:]
		}
	case "fk":
		table, column, _ := strings.Cut(arg, ".")
		t := s.Tables[slices.IndexFunc(s.Tables, func(t Table) bool { return t.Name == table })]
		k := slices.IndexFunc(t.Columns, func(c Column) bool { return c.Name == column })
		return rows[table][p.r.IntN(len(rows[table]))][k]
	default:
		v = generate(kind, arg, p)
	}
	return &v
}

// SQL returns statements that make a schema with its rows.
func (s *Schema) SQL(rows Rows) string {
	var b strings.Builder
	fmt.Fprintf(&b, "create schema %s;\n", s.Name)
	for _, t := range s.Tables {
		var columns []string
		for _, c := range t.Columns {
			def := c.Name + " " + c.Type
			if strings.HasPrefix(c.generator, "key") {
				def += " primary key"
			}
			if to, ok := strings.CutPrefix(c.generator, "fk:"); ok {
				table, column, _ := strings.Cut(to, ".")
				def += fmt.Sprintf(" references %s.%s (%s)", s.Name, table, column)
			}
			columns = append(columns, def)
		}
		fmt.Fprintf(&b, "create table %s.%s (%s);\n", s.Name, t.Name, strings.Join(columns, ", "))
		for _, row := range rows[t.Name] {
			cells := make([]string, len(row))
			for i, v := range row {
				if cells[i] = "null"; v != nil {
					cells[i] = "'" + strings.ReplaceAll(*v, "'", "''") + "'"
				}
			}
			fmt.Fprintf(&b, "insert into %s.%s values (%s);\n", s.Name, t.Name, strings.Join(cells, ", "))
		}
	}
	fmt.Fprintf(&b, "analyze;\n")
	return b.String()
}

// generate makes a value of a kind.
func generate(kind, arg string, p *person) string {
	r := p.r
	switch kind {
	case "pick":
		list := strings.Split(arg, "|")
		return list[r.IntN(len(list))]
	case "int", "num":
		low, high, _ := strings.Cut(arg, ":")
		a, _ := strconv.ParseFloat(low, 64)
		z, _ := strconv.ParseFloat(high, 64)
		v := a + r.Float64()*(z-a)
		if kind == "int" {
			return strconv.Itoa(int(v))
		}
		return strconv.FormatFloat(v, 'f', 2, 64)
	case "bool":
		return strconv.FormatBool(r.IntN(3) > 0)
	case "code":
		return fill(r, arg)
	case "hex":
		return fmt.Sprintf("%016x%016x%016x%016x", r.Uint64(), r.Uint64(), r.Uint64(), r.Uint64())
	case "version":
		return fmt.Sprintf("%d.%d.%d", 1+r.IntN(9), r.IntN(20), r.IntN(30))
	case "year":
		return strconv.Itoa(2015 + r.IntN(10))
	case "ip":
		return fmt.Sprintf("%d.%d.%d.%d", 11+r.IntN(200), r.IntN(256), r.IntN(256), 1+r.IntN(254))
	case "date":
		return p.event.Format(time.DateOnly)
	case "dedate":
		return p.event.Format("02.01.2006")
	case "stamp":
		return p.event.Add(time.Duration(r.IntN(400)) * time.Hour).Format(time.DateTime)
	case "birth":
		return p.born.Format(time.DateOnly)
	case "death":
		return p.event.Format(time.DateOnly)
	}
	return p.identifier(kind)
}

// fill puts a digit for each 9 of a pattern.
func fill(r *rand.Rand, pattern string) string {
	b := []byte(pattern)
	for i := range b {
		if b[i] == '9' {
			b[i] = byte('0' + r.IntN(10))
		}
	}
	return string(b)
}
