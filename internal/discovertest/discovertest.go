// Package discovertest makes databases with labelled columns and invented values, for
// measuring and testing discovery. Schemas are in several languages, with short names,
// names that say nothing and names that lie.
package discovertest

import (
	"embed"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
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
	// Classes are the correct classes, the best first.
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

// Fill makes a number of rows for each table, the same for the same schema.
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
	if kind != "key" && kind != "fk" && kind != "ref" && p.r.IntN(10) == 0 || kind == "death" && p.r.IntN(4) > 0 {
		return nil
	}
	var v string
	switch kind {
	case "key":
		v = keyText(arg, key)
	case "fk", "ref":
		t, k := s.target(c)
		return rows[t.Name][p.r.IntN(len(rows[t.Name]))][k]
	default:
		v = generate(kind, arg, p)
	}
	return &v
}

// keyText writes the number of a row as its key: plain, behind a prefix, in a pattern
// whose nines are its last digits, or as a UUID.
func keyText(arg string, key int) string {
	v := strconv.Itoa(key)
	switch {
	case arg == "":
		return v
	case arg == "uuid":
		h := fnv.New128a()
		_, _ = h.Write([]byte(v))
		x := fmt.Sprintf("%x", h.Sum(nil))
		return x[:8] + "-" + x[8:12] + "-4" + x[13:16] + "-a" + x[17:20] + "-" + x[20:]
	case !strings.Contains(arg, "9"):
		return arg + v[len(v)-4:]
	}
	b := []byte(arg)
	for i, k := len(b)-1, len(v)-1; i >= 0; i-- {
		if b[i] == '9' {
			b[i] = '0'
			if k >= 0 {
				b[i], k = v[k], k-1
			}
		}
	}
	return string(b)
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
			if strings.HasPrefix(c.generator, "fk:") {
				to, k := s.target(c)
				def += fmt.Sprintf(" references %s.%s (%s)", s.Name, to.Name, to.Columns[k].Name)
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
	case "compact":
		return p.event.Format("20060102")
	case "compactbirth":
		return p.born.Format("20060102")
	case "debirth":
		return p.born.Format("02.01.2006")
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
