package fhirfile

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/mask"
)

// largeSource is a Bundle that is made while it is read: entries again and again, until
// they are of a size.
type largeSource struct {
	head, entries, between, tail string
	size, read                   int
	rest                         string
	ended                        bool
	each                         func() // called for each round of entries
}

func (s *largeSource) Read(b []byte) (int, error) {
	if s.rest == "" {
		switch {
		case s.read == 0:
			s.rest = s.head + s.entries
		case s.read < s.size:
			if s.each != nil {
				s.each()
			}
			s.rest = s.between + s.entries
		case s.ended:
			return 0, io.EOF
		default:
			s.ended, s.rest = true, s.tail
		}
	}
	n := copy(b, s.rest)
	s.rest = s.rest[n:]
	s.read += n
	return n, nil
}

// largeBundleOf returns the source of a Bundle of a size in one of the forms, with or
// without references to servers that are not known.
func largeBundleOf(t *testing.T, form fhirjson.Form, size int, foreign bool) *largeSource {
	t.Helper()
	pop := fhirtest.Generate(11, 3)
	var entries [][]byte
	for _, r := range pop.Resources() {
		if !foreign && bytes.Contains(r.JSON, []byte(`"reference":"http`)) {
			continue // it needs the other entries
		}
		entries = append(entries, slices.Concat([]byte(`{"fullUrl":"urn:uuid:`+r.ID+`","resource":`), r.JSON, []byte("}")))
	}
	text := string(bytes.Join(entries, []byte(",")))
	const meta = `"meta":{"tag":[{"code":"x"}]},"type":"collection"`
	switch form {
	case fhirjson.NDJSON:
		return &largeSource{head: fhir.BundleHead[:len(fhir.BundleHead)-len(`"entry":[`)] + meta + `,"entry":[`, entries: text, between: ",", tail: "]}", size: size}
	case fhirjson.OneResource:
		return &largeSource{head: "{\n \"resourceType\": \"Bundle\",\n" + meta + `,"entry": [` + "\n", entries: text, between: " ,\n", tail: "\n],\n\"signature\":{\"when\":\"2020-01-02T03:04:05Z\"} }\n", size: size}
	}
	all, err := fhirxml.AppendXML(schema.R4(), nil, []byte(fhir.BundleHead+text+"]}"))
	if err != nil {
		t.Fatal(err)
	}
	start, end := bytes.Index(all, []byte("<entry>")), len(all)-len("</Bundle>")
	return &largeSource{head: "<?xml version=\"1.0\"?>\n" + string(all[:start]) + `<type value="collection"/>`, entries: string(all[start:end]), between: "\n", tail: "</Bundle>\n", size: size}
}

var forms = []fhirjson.Form{fhirjson.NDJSON, fhirjson.OneResource, fhirjson.OneXMLResource}

var shipped = map[string]*fhir.Automaton{}

// openLarge opens a document of a form.
func openLarge(t *testing.T, ruleset string, form fhirjson.Form, in io.Reader) *document {
	t.Helper()
	if shipped[ruleset] == nil {
		shipped[ruleset] = masktest.Shipped(t, ruleset)
	}
	for _, f := range Formats(shipped[ruleset], nil) {
		if f := f.(*format); f.form == form {
			doc, err := f.Open(file.Source{Reader: in, Temporary: func() (*os.File, error) { return os.CreateTemp(t.TempDir(), "") }})
			if err != nil {
				t.Fatal(err)
			}
			return doc.(*document)
		}
	}
	t.Fatal("no such form")
	return nil
}

// maskLarge masks a document entry by entry.
func maskLarge(t *testing.T, d *document, out io.Writer) (*masker, file.Result) {
	t.Helper()
	m := d.NewMasker(false).(*masker)
	m.pass.Begin(mask.Origin{})
	r, done, err := d.MaskAll(context.Background(), m, out)
	if err != nil || !done {
		t.Fatalf("masked entry by entry: %v, %v", done, err)
	}
	return m, r
}

// TestLargeBundleIsTheWhole: a large Bundle has the bytes and the counts that it has in one
// piece.
func TestLargeBundleIsTheWhole(t *testing.T) {
	for _, form := range forms {
		for _, ruleset := range []string{"safe-harbor", "research"} {
			text, err := io.ReadAll(largeBundleOf(t, form, largeBundle, ruleset == "safe-harbor"))
			if err != nil {
				t.Fatal(err)
			}
			if form == fhirjson.NDJSON {
				text = append(text, "\n{\"resourceType\":\"Patient\",\"gender\":\"male\"}\nwrong\n\n"+`{"resourceType":"Patient","gender":"female"}`...)
			}
			var got bytes.Buffer
			m, r := maskLarge(t, openLarge(t, ruleset, form, bytes.NewReader(text)), &got)

			d := openLarge(t, ruleset, form, nil)
			whole := d.NewMasker(false).(*masker)
			whole.pass.Begin(mask.Origin{})
			var want file.Result
			out := whole.AppendMasked(nil, file.Block{Text: text, Line: 1}, &want)
			if !bytes.Equal(got.Bytes(), out) {
				t.Errorf("%s, form %d: %d bytes entry by entry, %d whole", ruleset, form, got.Len(), len(out))
			}
			if !slices.Equal(m.pass.Counts, whole.pass.Counts) || r.Masked != want.Masked || len(r.Bad) != len(want.Bad) || !slices.Equal(r.Lost, want.Lost) {
				t.Errorf("%s, form %d: %+v is counted entry by entry, %+v whole", ruleset, form, r, want)
			}
			for k, bad := range r.Bad {
				if bad.Line != want.Bad[k].Line {
					t.Errorf("line %d is bad, not %d", bad.Line, want.Bad[k].Line)
				}
			}
		}
	}
}

// TestLargeBundleThatIsWrong: nothing of it is written, and what is wrong is said without a
// value.
func TestLargeBundleThatIsWrong(t *testing.T) {
	for _, form := range forms {
		s := largeBundleOf(t, form, largeBundle+1<<20, true)
		s.tail = map[fhirjson.Form]string{
			fhirjson.NDJSON:         `,{"fullUrl":"Quillfeather","fullUrl":"Quillfeather"}]}` + "\n" + `{"resourceType":"Patient","gender":"male"}`,
			fhirjson.OneResource:    ` Quillfeather`,
			fhirjson.OneXMLResource: `<entry><fullUrl value="Quillfeather"></entry></Bundle>`,
		}[form]
		var out bytes.Buffer
		_, r := maskLarge(t, openLarge(t, "safe-harbor", form, s), &out)
		if len(r.Bad) != 1 || r.Bad[0].What == "" || strings.Contains(r.Bad[0].What, "Quillfeather") {
			t.Errorf("form %d: %+v", form, r)
		}
		if want := map[bool]uint64{true: 1}[form == fhirjson.NDJSON]; r.Masked != want || strings.Contains(out.String(), "Bundle") || (out.Len() > 0) != (want > 0) {
			t.Errorf("form %d: %d bytes are written, %d resources masked", form, out.Len(), r.Masked)
		}
	}
}

// TestLargeBundleIsNoReject: a large Bundle that is wrong is too large for the file of rejects,
// so the file has failed, whatever else is in it.
func TestLargeBundleIsNoReject(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name, tail string
		written    bool
	}{{"alone", "", false}, {"more", "\n{\"resourceType\":\"Patient\",\"gender\":\"male\"}\nwrong", true}} {
		s := largeBundleOf(t, fhirjson.NDJSON, largeBundle, false)
		s.tail = "!" + c.tail
		text, err := io.ReadAll(s)
		if err != nil {
			t.Fatal(err)
		}
		in, out, rejects := filepath.Join(dir, c.name+".ndjson"), filepath.Join(dir, c.name), filepath.Join(dir, c.name+".rejects")
		if err := os.WriteFile(in, text, 0o600); err != nil {
			t.Fatal(err)
		}
		d := openLarge(t, "safe-harbor", fhirjson.NDJSON, nil)
		var problems []file.Problem
		job := file.Job{Inputs: []string{in}, Out: out, Rejects: rejects, Formats: Formats(d.automaton, nil), Plan: d.Plan(), Workers: 1,
			Report: func(p file.Problem) { problems = append(problems, p) }}
		counts, err := job.Run(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		_, statErr := os.Stat(filepath.Join(out, c.name+".ndjson"))
		rejected, _ := os.ReadFile(rejects)
		if counts.Failed != 1 || (statErr == nil) != c.written || string(rejected) != strings.Repeat("wrong\n", int(counts.Bad)-1) || len(problems) == 0 || problems[0].Line != 1 {
			t.Errorf("%s: %+v, written %v, rejects %q, %+v", c.name, counts, statErr == nil, rejected, problems)
		}
	}
}

// errFull is what a disk says that is full.
var errFull = errors.New("no space left")

// TestLargeBundleAndBadFiles: an input that breaks off and an output that is full are
// errors of the file and of the job.
func TestLargeBundleAndBadFiles(t *testing.T) {
	for _, form := range forms {
		s := largeBundleOf(t, form, 2*largeBundle, false)
		d := openLarge(t, "safe-harbor", form, io.MultiReader(io.LimitReader(s, largeBundle+1000), broken{}))
		m := d.NewMasker(false)
		if _, done, err := d.MaskAll(context.Background(), m, io.Discard); !done || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("form %d, broken input: %v, %v", form, done, err)
		}
		d = openLarge(t, "safe-harbor", form, largeBundleOf(t, form, 2*largeBundle, false))
		d.in.Temporary = func() (*os.File, error) { return nil, errFull }
		var output *file.OutputError
		if _, done, err := d.MaskAll(context.Background(), m, io.Discard); !done || !errors.As(err, &output) || !errors.Is(err, errFull) {
			t.Errorf("form %d, full disk: %v, %v", form, done, err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		d = openLarge(t, "safe-harbor", form, largeBundleOf(t, form, 2*largeBundle, false))
		if _, done, err := d.MaskAll(ctx, m, io.Discard); !done || !errors.Is(err, context.Canceled) {
			t.Errorf("form %d, cancelled: %v, %v", form, done, err)
		}
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// TestWholeFilesAreReadFromTheirBeginning: where a file is not masked entry by entry, the
// look at its beginning takes nothing away.
func TestWholeFilesAreReadFromTheirBeginning(t *testing.T) {
	long := strings.Repeat(" ", largeBundle)
	for form, text := range map[fhirjson.Form]string{
		fhirjson.NDJSON:         strings.Repeat(`{"resourceType":"Patient","gender":"male"}`+"\n", largeBundle/40),
		fhirjson.OneResource:    "{ " + long + `"resourceType":"Patient"}`,
		fhirjson.OneXMLResource: `<Patient xmlns="http://hl7.org/fhir">` + long + `<active value="true"/></Patient>`,
	} {
		for _, text := range []string{text, text[:100]} {
			d := openLarge(t, "safe-harbor", form, strings.NewReader(text))
			if _, done, err := d.MaskAll(context.Background(), d.NewMasker(false), io.Discard); done || err != nil {
				t.Fatal(done, err)
			}
			var got []byte
			if err := d.Split(func() []byte { return nil }, func(b file.Block) error {
				got = append(got, b.Text...)
				return nil
			}); err != nil || strings.TrimSpace(string(got)) != strings.TrimSpace(text) {
				t.Errorf("form %d: %d of %d bytes are read, %v", form, len(got), len(text), err)
			}
		}
	}
}

// TestLargeBundleTakesLittleMemory: memory does not grow with the Bundle, but for its full
// URLs, and for the references that lead to patients where the rules need those.
func TestLargeBundleTakesLittleMemory(t *testing.T) {
	const size = 24 << 20
	for _, c := range []struct {
		ruleset string
		foreign bool
		most    uint64
		forms   []fhirjson.Form
	}{{"safe-harbor", false, 10 << 20, forms}, {"safe-harbor", true, 10 << 20, forms[1:2]}, {"research", true, 16 << 20, forms[1:]}} {
		for _, form := range c.forms {
			s := largeBundleOf(t, form, size, c.foreign)
			d := openLarge(t, c.ruleset, form, s)
			m := d.NewMasker(false)
			var stats runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&stats)
			before, peak, next := stats.HeapAlloc, uint64(0), 0
			sample := func() {
				runtime.GC()
				runtime.ReadMemStats(&stats)
				peak = max(peak, stats.HeapAlloc)
			}
			s.each = func() {
				if s.read >= next {
					next = s.read + 4<<20
					sample()
				}
			}
			// What is written comes when all of it was masked, and what that took is still there.
			if _, done, err := d.MaskAll(context.Background(), m, &sampled{sample: sample}); !done || err != nil {
				t.Fatal(done, err)
			}
			if s.read < size {
				t.Fatalf("only %d bytes were read", s.read)
			}
			if peak > before+c.most {
				t.Errorf("%s, form %d: a Bundle of %d bytes takes %d of memory", c.ruleset, form, s.read, peak-before)
			}
			t.Logf("%s, form %d: %d bytes read, %d in memory", c.ruleset, form, s.read, peak-before)
		}
	}
}

// sampled is a writer that calls a function when something is written for the first time.
type sampled struct {
	sample func()
	once   sync.Once
}

func (s *sampled) Write(b []byte) (int, error) {
	s.once.Do(s.sample)
	return len(b), nil
}
