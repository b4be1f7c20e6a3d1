package discovery

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/discover"
	"github.com/veil-proxy/veil/discover/words"
	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/general"
	"github.com/veil-proxy/veil/internal/discovertest"
	"github.com/veil-proxy/veil/internal/formats"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/safeharbor"
	"github.com/veil-proxy/veil/table"

	"github.com/parquet-go/parquet-go"
	"github.com/spf13/pflag"
)

// csvFiles writes the tables of a schema as CSV.
func csvFiles(t *testing.T, dir string, s *discovertest.Schema) {
	t.Helper()
	rows := s.Fill(150)
	for _, tab := range s.Tables {
		var b strings.Builder
		for i, c := range tab.Columns {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(c.Name)
		}
		b.WriteByte('\n')
		for _, row := range rows[tab.Name] {
			for i, v := range row {
				if i > 0 {
					b.WriteByte(',')
				}
				if v != nil {
					b.WriteString(`"` + strings.ReplaceAll(*v, `"`, `""`) + `"`)
				}
			}
			b.WriteByte('\n')
		}
		if err := os.WriteFile(filepath.Join(dir, tab.Name+".csv"), []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func files(paths ...string) (*Files, *[]file.Problem) {
	var problems []file.Problem
	o := &formats.Options{}
	fl := pflag.NewFlagSet("test", pflag.ContinueOnError)
	AddFormatFlags(fl, o)
	return &Files{Paths: paths, Rows: 200, Formats: o, Methods: [][]mask.Definition{general.Methods(), safeharbor.Methods(), fhir.Methods(), table.Methods()},
		Report: func(p file.Problem) { problems = append(problems, p) }}, &problems
}

// TestFiles: tables in files are judged as those of a database are; their columns join
// though no file says so.
func TestFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, s := range discovertest.Schemas() {
		if s.Name == "ward" {
			csvFiles(t, dir, &s)
		}
	}
	if err := os.WriteFile(dir+"/one.ndjson", []byte(`{"resourceType":"Patient","id":"1"}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f, problems := files(dir)
	tables, err := f.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	findings := discover.Judge(tables, words.Default())
	got := map[string]discover.Class{}
	for _, f := range findings {
		got[f.Table+"."+f.Column] = f.Class
	}
	for name, want := range map[string]discover.Class{
		"pt_mstr.ss_num": discover.SSN, "pt_mstr.dob": discover.BirthDate, "pt_mstr.ln": discover.FamilyName, "pt_mstr.zp": discover.Zip,
		"adm.adm_dt": discover.EventDate, "adm.cmplnt": discover.FreeText, "adm.los": discover.Measure, "adm.dsch_disp": discover.Code,
		"lab_rslt.adm_id": discover.EventKey, "wd_ref.actv": discover.Flag, "app_usr.login": discover.Username,
	} {
		if got[name] != want {
			t.Errorf("%s is %s, want %s", name, got[name], want)
		}
	}
	for i := range tables {
		for _, c := range tables[i].Columns {
			// Values that come again are counted, though maskers remember them.
			if c.Name == "dsch_disp" && (c.Profile.Distinct != 5 || c.Profile.Filled < 80) {
				t.Errorf("%s: %d different of %d", c.Name, c.Profile.Distinct, c.Profile.Filled)
			}
			if c.Name == "adm_id" && tables[i].Name == "lab_rslt" && (c.Joins == nil || c.Joins.Table != "adm") {
				t.Errorf("lab_rslt.adm_id joins %v", c.Joins)
			}
		}
	}
	if len(*problems) != 1 || !strings.Contains(fmt.Sprint(*problems), "veil discover fhir") {
		t.Errorf("problems: %v", *problems)
	}
}

// TestNoFile: files that cannot be read are an error, and the message has no data.
func TestNoFile(t *testing.T) {
	t.Parallel()
	f, _ := files(t.TempDir() + "/none.csv")
	if tables, err := f.Tables(t.Context()); err == nil {
		t.Errorf("%d tables of a file that does not exist", len(tables))
	}
}

// TestFinishWritesNothingTwice: files of output that exist stay as they are.
func TestFinishWritesNothingTwice(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tables := []discover.Table{{Schema: "s", Name: "t\x1b[31m", Columns: []discover.Column{{Name: "e<b>mail", Type: "text"}}}}
	for _, o := range []Options{{HTML: dir + "/r.html"}, {Ruleset: dir + "/r.yaml"}} {
		var out bytes.Buffer
		if err := o.Finish(&out, "x", tables, words.Default()); err != nil {
			t.Fatal(err)
		}
		if err := o.Finish(&out, "x", tables, words.Default()); err == nil || !strings.Contains(err.Error(), "already exists") {
			t.Errorf("%+v: %v", o, err)
		}
		if strings.Contains(out.String(), "\x1b[31m") {
			t.Error("a name changes the terminal")
		}
	}
	page, err := os.ReadFile(dir + "/r.html")
	if err != nil {
		t.Fatal(err)
	}
	if text := string(page); strings.Contains(text, "<b>mail") || strings.Contains(text, "src=") || strings.Contains(text, "href=") || !strings.Contains(text, "default-src 'none'") {
		t.Error("the page is not self-contained, or a name is markup in it")
	}
}

// TestHeaders: the first line of a file without a header is data. It does not become names
// of columns, which are in the report: not even where it could be names.
func TestHeaders(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, text, want, problem string }{
		{"names", "id,surname\n100001,Smithsonian\n100002,Mbekiwalla\n", "id,surname", ""},
		{"data with numbers", "100001,Smithsonian\n100002,Mbekiwalla\n", "column1,column2", ""},
		{"data that could be names", "Smithsonian,female\nMbekiwalla,male\nOyelaranson,female\n", "", "the first line may be data: use --header if it has the names of columns, --no-header if not"},
		{"data with a gap", "Smithsonian,unknown\nMbekiwalla,1\nOyelaranson,unknown\n", "", "the first line may be data: use --header if it has the names of columns, --no-header if not"},
		{"a line alone", "Smithsonian,female\n", "", "the first line may be data: use --header if it has the names of columns, --no-header if not"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "people.csv")
			if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			look, problems := files(path)
			tables, _ := look.Tables(t.Context())
			var columns []string
			for i := range tables {
				for _, column := range tables[i].Columns {
					columns = append(columns, column.Name)
				}
			}
			problem := ""
			for _, p := range *problems {
				problem += p.What
			}
			if got := strings.Join(columns, ","); got != c.want || problem != c.problem {
				t.Errorf("columns %q, reported %q", got, problem)
			}
		})
	}
}

// TestParquet: values of every column are seen, though a file has one column after the other,
// and so a harmless name does not let them pass.
func TestParquet(t *testing.T) {
	t.Parallel()
	type person struct {
		ID     int64  `parquet:"id"`
		Hidden string `parquet:"hidden"`
	}
	people := make([]person, 600)
	for i := range people {
		people[i] = person{int64(i), fmt.Sprintf("Smithsonian %d, 12 Foxglove Close", i)}
	}
	path := filepath.Join(t.TempDir(), "people.parquet")
	if err := parquet.WriteFile(path, people); err != nil {
		t.Fatal(err)
	}
	look, problems := files(path)
	tables, err := look.Tables(t.Context())
	if err != nil || len(*problems) > 0 || len(tables) != 1 || len(tables[0].Columns) != 2 {
		t.Fatalf("%v %v %v", tables, *problems, err)
	}
	for _, c := range tables[0].Columns {
		if c.Profile.Rows < 200 || c.Profile.Distinct < 200 {
			t.Errorf("%s: %d values were seen, %d different ones", c.Name, c.Profile.Rows, c.Profile.Distinct)
		}
	}
}
