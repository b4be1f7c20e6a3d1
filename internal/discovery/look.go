package discovery

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/veil-proxy/veil/discover"
	"github.com/veil-proxy/veil/discover/propose"
	"github.com/veil-proxy/veil/discover/values"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/table"
)

// errEnough ends the reading of a file.
var errEnough = errors.New("enough rows")

// looker is the method of a ruleset that looks at values. It samples each column in its
// own rule.
type looker struct {
	rows    int
	timeout time.Duration
	numbers map[string]int
	columns []*reservoir
}

// reservoir is a sample of the values of a column of which each is as likely to be in it
// as any other (Algorithm R). The same values in the same order give the same sample.
type reservoir struct {
	size int
	kept []string
	// seen counts the values that the method was called with; all also counts repeated
	// values, which maskers remember and do not pass to it again.
	seen, all uint64
	random    *rand.Rand
}

// longestValue is how much of a value is kept, in bytes.
const longestValue = 4096

func newReservoir(size, number int) *reservoir {
	return &reservoir{size: size, random: rand.New(rand.NewPCG(1, uint64(number)))} //nolint:gosec // a sample, the same each time
}

func (r *reservoir) add(value []byte) {
	r.seen++
	at := r.seen - 1
	if len(r.kept) < r.size {
		r.kept = append(r.kept, "")
	} else if at = r.random.Uint64N(r.seen); at >= uint64(r.size) { //nolint:gosec // not negative
		return
	}
	r.kept[at] = string(value[:min(len(value), longestValue)])
}

// profile describes the sample, with the repetitions scaled to all values.
func (r *reservoir) profile() *values.Profile {
	s := values.NewSample()
	for _, v := range r.kept {
		s.Add(v)
	}
	if r.seen > 0 && r.all > r.seen {
		s.Repeat(int(math.Min(float64(r.all-r.seen)*float64(len(r.kept))/float64(r.seen), math.MaxInt32)))
	}
	return s.Profile()
}

func key(t *discover.Table, column int) string {
	return t.Schema + "\x00" + t.Name + "\x00" + t.Columns[column].Name
}

// ruleset returns a ruleset with a rule for each column.
func (l *looker) ruleset(tables []discover.Table) string {
	l.numbers = map[string]int{}
	var b strings.Builder
	b.WriteString("veil: 1\nname: look\nreferenceDate: 2000-01-01\ntables:\n  default: refuse\n  rules:\n")
	for t := range tables {
		for i, c := range tables[t].Columns {
			name := key(&tables[t], i)
			if _, known := l.numbers[name]; known {
				continue // files of one table share its columns
			}
			n := len(l.numbers)
			l.numbers[name] = n
			l.columns = append(l.columns, newReservoir(l.rows, n))
			fmt.Fprintf(&b, "    - {id: c%d, match: {", n)
			if tables[t].Schema != "" {
				fmt.Fprintf(&b, "schema: %s, ", propose.Glob(tables[t].Schema))
			}
			fmt.Fprintf(&b, "table: %s, column: %s}, method: look, number: %d}\n", propose.Glob(tables[t].Name), propose.Glob(c.Name), n)
		}
	}
	return b.String()
}

// definition is the method as rulesets know it.
func (l *looker) definition() mask.Definition {
	return mask.Definition{
		Name: "look", Label: mask.LabelRedacted, Summary: "looks at the value and takes it out",
		Params: []mask.Param{{Name: "number", Type: mask.IntParam, Required: true, Min: 0, Max: 1 << 30, Doc: "the column"}},
		New: func(_ mask.Env, args mask.Args) (mask.Method, error) {
			return looking{l, int(args.Int("number", 0))}, nil
		},
	}
}

// looking is the method as applied to one column.
type looking struct {
	*looker
	number int
}

// Append implements mask.Method.
func (l looking) Append(dst, src []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	l.columns[l.number].add(src)
	return dst, mask.Removed, nil
}

// look reads a file until the time is up, and a stream until it has seen enough rows,
// since a stream may never end.
func (l *looker) look(doc file.Document, stream bool) error {
	began := time.Now()
	masker := doc.NewMasker(false)
	masker.Pass().Begin(mask.Origin{})
	_, one := doc.(interface{ Columns() *table.Plan }) // a file with one table
	_, byColumn := doc.(interface{ ByColumn() })
	var text, out []byte
	var result file.Result
	err := doc.Split(func() []byte { return text[:0] }, func(b file.Block) error {
		text = b.Text
		before := result.Masked
		out = masker.AppendMasked(out[:0], b, &result)
		rows := result.Masked
		if byColumn { // all rows of a group have been seen when the next group begins
			if rows == before {
				return nil
			}
			rows = before
		}
		if stream && one && rows >= uint64(l.rows) || l.timeout > 0 && time.Since(began) > l.timeout { //nolint:gosec // not negative
			return errEnough
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	l.repeats(masker.Pass())
	return err
}

// repeats sets the total number of values in the samples.
func (l *looker) repeats(pass *mask.Pass) {
	for _, applied := range pass.Record("", "").Used {
		if n, err := strconv.Atoi(strings.TrimPrefix(applied.Rule, "c")); err == nil && n < len(l.columns) {
			l.columns[n].all += applied.N
		}
	}
}
