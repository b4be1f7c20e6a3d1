package discovery

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/discover"
	"github.com/veil-proxy/veil/discover/words"
)

// TestFilesAreSampledAllOver: what identifies only begins behind the first 10,000 rows,
// and is found; the same file gives the same sample.
func TestFilesAreSampledAllOver(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("no,remark\n")
	for i := range 30_000 {
		remark := "none"
		if i > 10_000 {
			remark = fmt.Sprintf("u%d@example.org", i)
		}
		fmt.Fprintf(&b, "%d,%s\n", i, remark)
	}
	path := filepath.Join(t.TempDir(), "remarks.csv")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	var first string
	for range 2 {
		look, _ := files(path)
		tables, err := look.Tables(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		f := discover.Judge(tables, words.Default())
		if f[1].Class != discover.Email {
			t.Errorf("found %+v", f[1])
		}
		if rows := tables[0].Columns[1].Profile.Rows; rows < look.Rows {
			t.Errorf("%d values were sampled", rows)
		}
		said := fmt.Sprintf("%+v", *tables[0].Columns[1].Profile)
		if first == "" {
			first = said
		}
		if said != first {
			t.Errorf("another sample of the same file: %s, before %s", said, first)
		}
	}
	// A stream is read from its beginning, since it may never end.
	look, _ := files("-")
	look.Stdin = strings.NewReader(b.String())
	tables, err := look.Tables(t.Context())
	if err == nil && len(tables) == 1 && tables[0].Columns[1].Profile != nil && tables[0].Columns[1].Profile.Rows > 10_000 {
		t.Errorf("a stream was read to its end")
	}
}

// TestReservoir: each value is as likely to be in the sample, in as much memory as the
// sample takes.
func TestReservoir(t *testing.T) {
	t.Parallel()
	r := newReservoir(1000, 3)
	for i := range 100_000 {
		r.add([]byte(fmt.Sprint(i)))
	}
	var quarters [4]int
	for _, v := range r.kept {
		var n int
		if _, err := fmt.Sscan(v, &n); err != nil {
			t.Fatal(err)
		}
		quarters[n/25_000]++
	}
	for _, n := range quarters {
		if n < 200 || n > 300 {
			t.Errorf("the sample has %d of each quarter, want about 250", quarters)
		}
	}
	if len(r.kept) != 1000 {
		t.Errorf("%d values are kept", len(r.kept))
	}
}

// TestFilesOfOneTable: files of one table are listed once, with the columns of all, and
// a file that cannot be read is reported once and counted.
func TestFilesOfOneTable(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"a/visits.csv": "id,mail\n1,ann@example.org\n", "b/visits.csv": "id,phone\n2,555-201-3344\n", "b/broken.parquet": "PAR1 is no Parquet PAR1",
	} {
		if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	look, problems := files(dir)
	tables, err := look.Tables(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(tables) != 1 || len(tables[0].Columns) != 3 {
		t.Errorf("%+v", tables)
	}
	if look.Unread != 1 || len(*problems) != 1 || !strings.HasSuffix((*problems)[0].File, "broken.parquet") {
		t.Errorf("%d unread, reported %v", look.Unread, *problems)
	}
}
