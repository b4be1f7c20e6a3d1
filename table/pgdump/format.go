package pgdump

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"sync"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/lazyregexp"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/postgres/script"
	"github.com/veil-proxy/veil/table"
)

// Config says how dumps are masked.
type Config struct {
	Rules   *table.Rules
	Options table.Options
	// Any treats every file as a dump.
	Any bool
	// Inspect opens dumps to show their columns, for which the whole dump is read.
	Inspect bool
}

// New returns the format of plain-text dumps of pg_dump and pg_dumpall.
func New(c Config) file.Format { return &format{Config: c, most: script.MaxStatement} }

type format struct {
	Config
	most int // how long a statement or row may be
}

// Info implements file.Format.
func (f *format) Info() file.Info {
	return file.Info{Name: "pg_dump", Unit: "row", Extension: ".sql", Losses: lossNames}
}

// header is how dumps begin.
var header = lazyregexp.New(`^(\x{feff})?\s*--\r?\n-- PostgreSQL database (cluster )?dump\r?\n--`)

// Detect implements file.Format.
func (f *format) Detect(_ string, beginning []byte) bool { return f.Any || header().Match(beginning) }

// encodingSetting matches a dump's statement of its encoding.
var encodingSetting = regexp.MustCompile(`(?m)^SET client_encoding = '([A-Za-z0-9_]+)';`)

// encodings has the encodings that dumps can use, by PostgreSQL's names.
var encodings = map[string]encoding.Encoding{
	"UTF8": nil, "SQL_ASCII": nil, "LATIN1": charmap.ISO8859_1, "LATIN2": charmap.ISO8859_2, "LATIN9": charmap.ISO8859_15,
	"WIN1250": charmap.Windows1250, "WIN1251": charmap.Windows1251, "WIN1252": charmap.Windows1252, "KOI8R": charmap.KOI8R,
}

// headerBytes is how much of a dump is searched for its encoding.
const headerBytes = 16 << 10

// Open implements file.Format. It reads the schema, up to the first rows.
func (f *format) Open(in file.Source) (file.Document, error) {
	d := &document{format: f, db: newDatabase(), encoding: "UTF8"}
	beginning := make([]byte, headerBytes)
	n, err := io.ReadFull(in, beginning)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	beginning = beginning[:n]
	if !header().Match(beginning) {
		return nil, errors.New("not a plain-text dump: it does not begin as pg_dump begins it")
	}
	text := io.MultiReader(bytes.NewReader(beginning), in)
	if m := encodingSetting.FindSubmatch(beginning); m != nil {
		d.encoding = string(m[1])
		enc, known := encodings[d.encoding]
		if !known {
			return nil, fmt.Errorf("the dump is in %s: use pg_dump --encoding=UTF8", d.encoding)
		}
		if enc != nil {
			text = enc.NewDecoder().Reader(text)
		}
	}
	d.reader = &script.Reader{R: text, Most: f.most, Line: 1, Plain: true}
	d.actions = f.Rules.Policy().NewPlan()
	if err := d.ruleActions(); err != nil {
		return nil, err
	}
	if d.next, err = d.batch(); err != nil {
		return nil, err
	}
	d.next.decide()
	return d, d.tableActions()
}

// document is a dump.
type document struct {
	*format
	reader   *script.Reader
	encoding string
	db       *database
	actions  *mask.Plan
	// byRule has the numbers of the actions of rules, for tables that appear later.
	byRule map[string]int
	// next has the statements that were read last.
	next *batch
	// masked counts the emitted blocks that workers have masked.
	mu           sync.Mutex
	idle         sync.Cond
	sent, masked int
}

// ruleActions adds an action for each rule: for a table that first appears after rows, as
// in a dump without a schema, it is known which rule acted, but not on which column.
func (d *document) ruleActions() error {
	d.byRule = map[string]int{}
	d.idle.L = &d.mu
	rules := d.Rules.All()
	for i := range rules {
		_, def := d.Rules.Policy().TableMethod(i)
		n, err := d.actions.Add(mask.Action{Rule: rules[i].ID, Category: rules[i].Category, Method: rules[i].Method, Label: def.Label, Path: "*"})
		if err != nil {
			return err
		}
		d.byRule[rules[i].ID] = n
	}
	return nil
}

// tableActions adds the actions of the tables that are known.
func (d *document) tableActions() error {
	for _, r := range d.db.order {
		for _, p := range r.plans {
			offset := -1
			if len(d.actions.Actions)+len(p.Actions.Actions) < maxActions {
				offset = len(d.actions.Actions)
				for _, a := range p.Actions.Actions {
					if _, err := d.actions.Add(a); err != nil {
						return err
					}
				}
			}
			r.offsets = append(r.offsets, offset)
		}
	}
	return nil
}

// maxActions is how many actions are listed by column; beyond that, only rules are.
const maxActions = 60000

// Plan implements file.Document.
func (d *document) Plan() *mask.Plan { return d.actions }

// Tables returns what becomes of the columns of all tables. Of a dump without a schema it
// reads on to the end.
func (d *document) Tables() ([]Table, error) {
	if d.Inspect {
		for {
			d.next.finish()
			more, err := d.data(d.next, func([]byte, int, *layout, bool) error { return nil })
			if err != nil {
				return nil, err
			}
			if !more {
				break
			}
		}
	}
	var out []Table
	for _, r := range d.db.order {
		t := Table{Name: r.names(), Why: r.why}
		for _, c := range r.columns {
			treated := table.Treated{Column: table.Column{Name: c.name}, Note: c.note}
			if c.treated != nil {
				treated = *c.treated
			}
			if !c.shown || !r.written() {
				treated.Treatment, treated.Note = table.Hidden, c.note
			}
			t.Columns = append(t.Columns, treated)
		}
		out = append(out, t)
	}
	return out, nil
}

// Table is a table of a dump and how its columns are treated.
type Table struct {
	table.Name
	// Why says why the table is left out; it is empty for one that is masked.
	Why     string
	Columns []table.Treated
}

// prelude begins a masked dump. It does not depend on the dump.
const prelude = `--
-- PostgreSQL database dump
--

-- Masked by Veil.

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

`

// trailer ends one.
const trailer = `
--
-- PostgreSQL database dump complete
--

`

// setting reads a SET statement: it decides how the dump is read.
func (d *document) setting(p *script.Parser) error {
	p.Take("session")
	name, _ := p.Ident()
	if !p.Take("=") && !p.Take("to") {
		return nil
	}
	value := strings.ToLower(p.Peek(0).Text)
	switch name {
	case "standard_conforming_strings":
		d.reader.Plain = value != "off" && value != "false" && value != "0"
	case "client_encoding":
		if !strings.EqualFold(value, d.encoding) {
			return d.reader.Wrong("the dump changes its encoding: use pg_dump --encoding=UTF8")
		}
	case "datestyle":
		if !strings.HasPrefix(value, "iso") {
			return d.reader.Wrong("the dump writes dates in another style than ISO, which pg_dump writes")
		}
	case "bytea_output", "intervalstyle", "extra_float_digits", "timezone":
		return d.reader.Wrong("the dump sets %s, which pg_dump does not", name)
	}
	return nil
}
