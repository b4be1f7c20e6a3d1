package inparts

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/mask"
)

func TestMain(m *testing.M) { veiltest.Main(m) }

// rig masks Bundles whole and in parts.
type rig struct {
	a                 *fhir.Automaton
	rules             *Rules
	whole, parts      *fhir.Walker
	site              *fhir.Site
	pass, total, part *mask.Pass
	waited            int // Bundles of which entries waited until all had arrived
	early             int // Bundles of which something was sent before
	changed           int // Bundles that cannot be sent in XML before they are whole
}

func newRig(t testing.TB, ruleset string) *rig {
	a := masktest.Shipped(t, ruleset)
	return &rig{a: a, rules: NewRules(a), pass: mask.NewPass(a.Plan), total: mask.NewPass(a.Plan), part: mask.NewPass(a.Plan), whole: fhir.NewWalker(a, fhir.RememberAlways), parts: fhir.NewWalker(a, fhir.RememberAlways), site: &fhir.Site{
		Upstream: []string{fhirtest.Base}, Base: "https://masked.example/fhir",
		Link: func(dst, relation, url []byte) ([]byte, bool) {
			return append(append(dst, "link:"...), relation...), true
		},
		Subject: func(dst []byte, typ string, id []byte) ([]byte, bool) {
			return append(append(dst, 'p'), id...), len(id)%2 == 0
		},
	}}
}

// same holds the masked Bundle and what is counted of it together, masked whole and as it
// arrives in pieces.
func (r *rig) same(t *testing.T, text []byte, rng *rand.Rand) {
	t.Helper()
	pass := r.pass
	pass.Begin(mask.Origin{})
	want, wantErr := r.whole.AppendJSON(nil, text, pass, r.site)

	got, ok, err := r.inParts(t, text, rng, nil)
	if !ok {
		return // it is masked whole
	}
	if (err == nil) != (wantErr == nil) {
		t.Fatalf("in parts: %v; whole: %v\n%.2000s", err, wantErr, text)
	}
	if err != nil {
		return
	}
	sameBytes(t, got, want, text)
	r.sameCounts(t, text)

	want, wantErr = fhirxml.AppendXML(r.a.Schema(), nil, want)
	got, _, err = r.inParts(t, text, rng, fhirxml.NewWriter(r.a.Schema(), rng.IntN(2) == 0))
	switch {
	case errors.Is(err, ErrChanged): // members behind the entries that XML has before them
		r.changed++
	case (err == nil) != (wantErr == nil):
		t.Fatalf("in parts of XML: %v; whole: %v\n%.2000s", err, wantErr, text)
	case err == nil:
		sameBytes(t, got, want, text)
		r.sameCounts(t, text)
	}
}

// inParts masks a Bundle as it arrives. It reports false if it must be masked whole.
func (r *rig) inParts(t *testing.T, text []byte, rng *rand.Rand, xml *fhirxml.Writer) (got []byte, ok bool, err error) {
	t.Helper()
	total, part := r.total, r.part
	total.Begin(mask.Origin{})
	lend := func(counts bool, f func(w *fhir.Walker, pass *mask.Pass, site *fhir.Site) error) error {
		part.Begin(mask.Origin{})
		err := f(r.parts, part, r.site)
		if err == nil && counts {
			total.Merge(part)
		}
		return err
	}
	first := rng.IntN(len(text)/2 + 1)
	m, ok := r.rules.Begin(Source{Limit: 1 << 24, Lend: lend, Writer: xml}, text[:first])
	for !ok && first < len(text) {
		first = min(first+1+len(text)/20, len(text))
		m, ok = r.rules.Begin(Source{Limit: 1 << 24, Lend: lend, Writer: xml}, text[:first])
	}
	if !ok {
		return nil, false, nil
	}
	if rng.IntN(2) == 0 {
		m.in.Waiting = func() (io.ReadWriteSeeker, error) { return os.CreateTemp(t.TempDir(), "") }
	}
	if rng.IntN(2) == 0 {
		m.waits.block = 1 + rng.IntN(1000)
	}
	for rest := text[first:]; err == nil; {
		if got, err = m.Next(got); err != nil || len(rest) == 0 {
			break
		}
		n := 1 + rng.IntN(len(rest))
		if rng.IntN(2) == 0 {
			n = 1 + rng.IntN(min(len(rest), 700))
		}
		err = m.Feed(rest[:n])
		rest = rest[n:]
	}
	if len(got) > 0 {
		r.early++
	}
	if m.whole {
		r.waited++
	}
	if err == nil {
		got, err = m.Finish(got)
	}
	return got, true, err
}

func sameBytes(t *testing.T, got, want, text []byte) {
	t.Helper()
	if !bytes.Equal(got, want) {
		at := 0
		for at < min(len(got), len(want)) && got[at] == want[at] {
			at++
		}
		t.Fatalf("at %d\nparts …%.300s\nwhole …%.300s\n%.2000s", at, got[max(0, at-40):], want[max(0, at-40):], text)
	}
}

func (r *rig) sameCounts(t *testing.T, text []byte) {
	t.Helper()
	a, b := r.total.Record("", ""), r.pass.Record("", "")
	if fmt.Sprint(a.AppendApplied(nil), a.Resources) != fmt.Sprint(b.AppendApplied(nil), b.Resources) {
		t.Fatalf("counts differ:\n%v %v\n%v %v\n%.2000s", a.AppendApplied(nil), a.Resources, b.AppendApplied(nil), b.Resources, text)
	}
}

// shuffled writes a Bundle with its members in another order, white space and all.
func shuffled(rng *rand.Rand, members map[string]json.RawMessage, entries []json.RawMessage) []byte {
	var names []string
	for name := range members {
		if name != "entry" {
			names = append(names, name)
		}
	}
	// Maps have no order of their own: a sorted one makes the test the same each time.
	for i := range names {
		for j := i; j > 0 && names[j] < names[j-1]; j-- {
			names[j], names[j-1] = names[j-1], names[j]
		}
	}
	names = append(names, "entry")
	rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	space := func() string { return []string{"", "", " ", "\n  ", "\r\n\t"}[rng.IntN(5)] }
	b := []byte(space() + "{" + space())
	for i, name := range names {
		if i > 0 {
			b = append(b, ","+space()...)
		}
		b = fmt.Appendf(b, "%q%s:%s", name, space(), space())
		if name != "entry" {
			b = append(append(b, members[name]...), space()...)
			continue
		}
		b = append(b, "["+space()...)
		for k, e := range entries {
			if k > 0 {
				b = append(b, ","+space()...)
			}
			b = append(append(b, e...), space()...)
		}
		b = append(b, "]"+space()...)
	}
	return append(append(b, '}'), space()...)
}

// bundles are the texts of Bundles of all kinds.
func bundles(t *testing.T) [][]byte {
	t.Helper()
	var out [][]byte
	for line := range bytes.Lines(veiltest.Gunzip(t, "../../testdata/hl7-r4-examples.ndjson.gz")) {
		if bytes.Contains(line[:min(len(line), 60)], []byte(`"Bundle"`)) {
			out = append(out, bytes.TrimSpace(line))
		}
	}
	if len(out) == 0 {
		t.Fatal("no examples")
	}
	pop := fhirtest.Generate(7, 3)
	var b []byte
	n := 0
	for _, r := range pop.Resources() {
		switch b = append(b, ','); {
		case n%11 == 3:
			b = append(b, "null"...)
		case n%13 == 5: // refers by a URL of a server that only the Bundle knows
			b = fmt.Appendf(b, `{"fullUrl":"http://else.example/%s/%s","resource":%s}`, r.Type, r.ID, strings.ReplaceAll(string(r.JSON), `"Patient/`, `"http://else.example/Patient/`))
		default:
			b = fmt.Appendf(b, `{"fullUrl":"%s/%s/%s","resource":%s,"search":{"mode":"match"}}`, fhirtest.Base, r.Type, r.ID, r.JSON)
		}
		if n++; n%17 == 0 {
			out = append(out, append(append([]byte(`{"resourceType":"Bundle","id":"page","meta":{"lastUpdated":"2020-01-02T03:04:05Z"},"type":"searchset","total":17,
"link":[{"relation":"self","url":"http://x/y"},{"relation":"next","url":"http://x/z"}],"entry":[`), b[1:]...), "]}"...))
			b = nil
		}
	}
	return out
}

// TestPartsAreTheWhole: a Bundle that is masked while it arrives has the same bytes and
// counts as one that is masked whole, however it is cut and in whatever order its members
// are.
func TestPartsAreTheWhole(t *testing.T) {
	t.Parallel()
	for _, ruleset := range []string{"safe-harbor", "research"} {
		t.Run(ruleset, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, ruleset)
			rng := rand.New(rand.NewPCG(1, 2))
			all := bundles(t)
			for _, text := range all {
				r.same(t, text, rng)
				var members map[string]json.RawMessage
				var entries []json.RawMessage
				if err := json.Unmarshal(text, &members); err != nil {
					t.Fatal(err)
				}
				if err := json.Unmarshal(members["entry"], &entries); members["entry"] != nil && err != nil {
					t.Fatal(err)
				}
				for range 3 {
					rng.Shuffle(len(entries), func(i, j int) { entries[i], entries[j] = entries[j], entries[i] })
					r.same(t, shuffled(rng, members, entries), rng)
				}
			}
			t.Logf("%d Bundles; of %d something left early, of %d entries waited; %d not in XML", 4*len(all), r.early, r.waited, r.changed)
			if r.early == 0 || r.waited == 0 || r.changed > 2*len(all) {
				t.Errorf("of %d Bundles %d were sent early and %d waited", 4*len(all), r.early, r.waited)
			}
		})
	}
}

// TestPartsOfWhatIsWrong: what is not valid is refused in parts as it is whole.
func TestPartsOfWhatIsWrong(t *testing.T) {
	t.Parallel()
	r := newRig(t, "safe-harbor")
	rng := rand.New(rand.NewPCG(3, 4))
	const patient = `{"resource":{"resourceType":"Patient","id":"a","active":true}}`
	for _, entries := range []string{
		``, ` `, `,`, patient + `,`, `,` + patient, patient + ` ` + patient, patient + `,,` + patient, `null`, `null,null`, `[]`, `[` + patient + `],` + patient,
		`1`, `"x"`, `true,` + patient, `{}`, `{},{}`, patient + `,{"resource":{"resourceType":"Patient","id":"a","id":"b"}}`, `{"resource":null}`,
		patient + `,{"fullUrl":"x","fullUrl":"y"}`, patient + `}`, patient + `,{"resource":{"resourceType":"Nothing"}}`,
		patient + `,{"resource":{"resourceType":"Patient","active":` + strings.Repeat("[", 600) + strings.Repeat("]", 600) + `}}`,
		patient + `,{"a":"\ud800"}`, patient + "\x00", patient + ",\"\xff\"", patient + `,{"x":"\"]}"}`, patient + `,{"x":"\\"}`,
	} {
		for _, head := range []string{`{"resourceType":"Bundle","entry":[`, `{"resourceType":"Bundle","type":"searchset","meta":{"versionId":"1"},"entry": [ `} {
			for _, tail := range []string{`]}`, ` ] } `, `],"total":3}`, `],"meta":{"versionId":"2"}}`, `],"entry":[]}`, `]`, `]} x`, `],}`, ``, `],"type":"searchset","type":"x"}`} {
				r.same(t, []byte(head+entries+tail), rng)
			}
		}
	}
}

// TestLimit: more than the limit is not kept.
func TestLimit(t *testing.T) {
	t.Parallel()
	r := newRig(t, "safe-harbor")
	lend := func(_ bool, f func(w *fhir.Walker, pass *mask.Pass, site *fhir.Site) error) error {
		r.part.Begin(mask.Origin{})
		return f(r.parts, r.part, r.site)
	}
	m, ok := r.rules.Begin(Source{Limit: 10_000, Lend: lend}, []byte(fhir.BundleHead))
	if !ok {
		t.Fatal("no Bundle")
	}
	entry := []byte(`{"resource":{"resourceType":"Patient","id":"a","active":true}},`)
	for range 1000 { // many small entries are never too much
		m.Feed(entry)
		if _, err := m.Next(nil); err != nil {
			t.Fatal(err)
		}
	}
	m.Feed(bytes.Repeat([]byte(`{"x":1,`), 2000))
	if _, err := m.Next(nil); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v", err)
	}
}

// full is a file that nothing can be written to.
type full struct{ io.ReadWriteSeeker }

var errFull = errors.New("no space left")

func (full) Write([]byte) (int, error) { return 0, errFull }

// TestWaitingEntriesThatFail: a file for waiting entries that is full, and entries that nest
// without end while they wait, are errors.
func TestWaitingEntriesThatFail(t *testing.T) {
	t.Parallel()
	r := newRig(t, "research")
	lend := func(_ bool, f func(w *fhir.Walker, pass *mask.Pass, site *fhir.Site) error) error {
		r.part.Begin(mask.Origin{})
		return f(r.parts, r.part, nil)
	}
	const head = `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Observation","status":"final","code":{"text":"x"},"subject":{"reference":"urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"},"effectiveDateTime":"2020-02-03"}}`
	for name, c := range map[string]struct {
		waiting func() (io.ReadWriteSeeker, error)
		more    string
	}{
		"full":   {func() (io.ReadWriteSeeker, error) { return full{}, nil }, ""},
		"none":   {func() (io.ReadWriteSeeker, error) { return nil, errFull }, ""},
		"nested": {nil, `,{"resource":{"resourceType":"Observation","subject":` + strings.Repeat(`{"a":[`, 1<<20) + strings.Repeat(`]}`, 1<<20) + `}}`},
	} {
		text := []byte(head + c.more + "]}")
		m, ok := r.rules.Begin(Source{Limit: 1 << 24, Lend: lend, Waiting: c.waiting}, text)
		if !ok {
			t.Fatalf("%s: masked whole", name)
		}
		out, err := m.Next(nil)
		if err == nil {
			out, err = m.Finish(out)
		}
		var syntax *fhirjson.SyntaxError
		if c.waiting != nil && !errors.Is(err, errFull) || c.waiting == nil && !errors.As(err, &syntax) {
			t.Errorf("%s: %d bytes, %v", name, len(out), err)
		}
	}
}
