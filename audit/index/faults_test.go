package index

import (
	"bytes"
	"errors"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/internal/audittest"
	"github.com/veil-proxy/veil/internal/veiltest"
)

// written is a log of some records.
func written(t *testing.T, seed uint64, n int) (dir string) {
	t.Helper()
	dir = t.TempDir()
	l := audittest.New(t, dir, 20_000)
	records := audittest.From(seed, epoch)
	for range n {
		l.Write(records.Next()...)
	}
	l.Close()
	return dir
}

// built is an index of a log, closed.
func built(t *testing.T, dir string) Options {
	t.Helper()
	o := small(t, dir)
	opened(t, o).Close()
	return o
}

func (o *Options) file() string { return filepath.Join(o.Dir, fileName) }

// TestDamagedIndexIsBuiltAgain garbles, cuts and replaces the database. Each time the index
// is built again and answers as the log says, and one message says why.
func TestDamagedIndexIsBuiltAgain(t *testing.T) {
	t.Parallel()
	dir := written(t, 5, 300)
	change := func(to func(b []byte) []byte) func(*testing.T, *Options) {
		return func(t *testing.T, o *Options) {
			b, err := os.ReadFile(o.file())
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(o.file(), to(b), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	statement := func(text string) func(*testing.T, *Options) {
		return func(t *testing.T, o *Options) {
			s, err := openStore(o.Dir)
			if err != nil {
				t.Fatal(err)
			}
			if _, err = s.db.Exec(text); err != nil {
				t.Fatal(err)
			}
			if err := s.close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, c := range map[string]struct {
		damage func(*testing.T, *Options)
		says   error
		kept   bool // the file may be somebody's, and is kept
	}{
		"zeros in the middle":   {change(func(b []byte) []byte { clear(b[len(b)/3 : len(b)/2]); return b }), errDamaged, false},
		"cut off":               {change(func(b []byte) []byte { return b[:len(b)/2] }), errDamaged, false},
		"cut in a page":         {change(func(b []byte) []byte { return b[:5000] }), errDamaged, false},
		"a text":                {change(func([]byte) []byte { return []byte("notes of somebody\n") }), errDamaged, true},
		"a garbled head":        {change(func(b []byte) []byte { clear(b[:100]); return b }), errDamaged, true},
		"another version":       {statement("PRAGMA user_version=99"), errVersion, false},
		"a table is gone":       {statement("DROP TABLE minute"), errDamaged, false},
		"a value was changed":   {statement("UPDATE value SET text='nobody' WHERE text='ann'"), errDamaged, false},
		"a block was changed":   {statement("UPDATE block SET n=n-1 WHERE id=2"), errDamaged, false},
		"a block is gone":       {statement("DELETE FROM block WHERE id=2"), errDamaged, false},
		"another hash at last":  {statement("UPDATE block SET hash='00' WHERE id=3"), errDamaged, false},
		"a series was changed":  {statement("UPDATE series SET consumer='x' WHERE id=1"), errDamaged, false},
		"values of another row": {statement("DELETE FROM value WHERE id=2"), errDamaged, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := built(t, dir)
			c.damage(t, &o)
			var log veiltest.Buffer
			o.Logger = slog.New(slog.NewTextHandler(&log, nil))
			x := opened(t, o)
			if s := x.Status(); s.State != Ready || s.Rebuilt == "" || !strings.Contains(log.String(), c.says.Error()) {
				t.Errorf("%+v; %s", s, log.String())
			}
			if n := strings.Count(log.String(), "\n"); n != 1 {
				t.Errorf("%d messages: %s", n, log.String())
			}
			if _, err := os.Stat(o.file() + ".damaged"); (err == nil) != c.kept {
				t.Errorf("kept: %v", err)
			}
			checkSearch(t, x, dir, 5, 8)
			checkSeries(t, x, dir, 5, 4)
		})
	}
}

// TestDamageBehindTheHeadIsFound changes rows that are not read when an index is opened: the
// search that meets one fails, and the index is built again.
func TestDamageBehindTheHeadIsFound(t *testing.T) {
	t.Parallel()
	dir := written(t, 6, 300)
	for _, text := range []string{
		"UPDATE sets SET bytes=zeroblob(length(bytes))", "DELETE FROM places", "UPDATE times SET bytes=x'00'", "UPDATE minute SET bytes=x''",
		"UPDATE request SET bytes=substr(bytes,2)", "UPDATE sets SET bytes=(SELECT bytes FROM sets LIMIT 1)",
	} {
		o := built(t, dir)
		s, err := openStore(o.Dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.db.Exec(text); err != nil {
			t.Fatal(err)
		}
		if err := s.close(); err != nil {
			t.Fatal(err)
		}
		x := opened(t, o)
		all := scan(t, dir)
		f := &Filter{Since: all[150].Time.Truncate(time.Second), Limit: 5}
		request := &Filter{RequestID: all[200].RequestID, Limit: 5}
		veiltest.Until(t, "the index was built again", func() bool {
			_, err1 := x.Search(t.Context(), f)
			_, err2 := x.Search(t.Context(), &Filter{Consumer: "ann", Limit: 5})
			_, err3 := x.Series(t.Context(), &SeriesQuery{Metric: Requests, From: epoch, To: epoch.Add(time.Hour), Step: time.Minute})
			_, err4 := x.Search(t.Context(), request)
			for _, err := range []error{err1, err2, err3, err4} {
				var unavailable *UnavailableError
				if err != nil && !errors.As(err, &unavailable) {
					t.Fatal(err)
				}
			}
			return x.Status().Rebuilt != ""
		})
		if err := x.Sync(t.Context()); err != nil {
			t.Fatal(err)
		}
		checkSearch(t, x, dir, 6, 8)
		x.Close()
	}
}

// TestNothingIsReadWhereNothingMatches: a search for what no record has together, though each
// block has some of both, reads no places of records; it would find that they are missing.
func TestNothingIsReadWhereNothingMatches(t *testing.T) {
	t.Parallel()
	dir := written(t, 6, 300)
	o := built(t, dir)
	s, err := openStore(o.Dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.Exec("DELETE FROM places"); err != nil {
		t.Fatal(err)
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	x := opened(t, o)
	defer x.Close()
	if p, err := x.Search(t.Context(), &Filter{Outcome: "complete", Reason: "statement", Limit: 5}); err != nil || p.Total != 0 {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := x.Search(t.Context(), &Filter{Outcome: "complete", Limit: 5}); err == nil {
		t.Error("what is missing was not read for a search that has to")
	}
}

// TestFlippedBytes: an index with some changed bytes answers as the log says, or is built
// again; it never answers otherwise.
func TestFlippedBytes(t *testing.T) {
	t.Parallel()
	dir := written(t, 7, 200)
	o := built(t, dir)
	whole, err := os.ReadFile(o.file())
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(7, 7))
	rebuilt := 0
	for i := range 30 {
		b := bytes.Clone(whole)
		for range 1 + r.IntN(40) {
			b[r.IntN(len(b))] ^= byte(1 + r.IntN(255))
		}
		again := small(t, dir)
		if err := os.MkdirAll(again.Dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(again.file(), b, 0o600); err != nil {
			t.Fatal(err)
		}
		x := Open(again)
		// A search that meets damage fails; what follows it has been built again.
		for f := (&Filter{Path: "Patient", Limit: 300}); ; {
			if err := x.Sync(t.Context()); err != nil {
				t.Fatal(err)
			}
			_, err := x.Search(t.Context(), f)
			_, err2 := x.Series(t.Context(), &SeriesQuery{Metric: Rows, From: epoch, To: epoch.Add(time.Hour), Step: time.Minute})
			if err == nil && err2 == nil {
				break
			}
		}
		p, err := x.Search(t.Context(), &Filter{Path: "Patient", Limit: 300})
		if err != nil {
			t.Fatal(err)
		}
		var want []uint64
		for _, l := range scan(t, dir) {
			if matches(&Filter{Path: "Patient"}, l) {
				want = append(want, l.Seq)
			}
		}
		slices.Reverse(want)
		var got []uint64
		for _, r := range p.Records {
			got = append(got, r.Seq)
		}
		if !slices.Equal(got, want) {
			t.Fatalf("case %d: found %d of %d", i, len(got), len(want))
		}
		if x.Status().Rebuilt != "" {
			rebuilt++
		}
		x.Close()
	}
	if rebuilt == 0 {
		t.Error("no change was ever found")
	}
}

// TestIndexOfAnotherLogIsBuiltAgain opens the index of one log for another, for an older copy
// of the log, and for the log written anew under the same names.
func TestIndexOfAnotherLogIsBuiltAgain(t *testing.T) {
	t.Parallel()
	dir := written(t, 8, 300)
	for name, other := range map[string]string{
		"another log": written(t, 9, 300), "an older one": written(t, 8, 120), "an empty one": t.TempDir(),
	} {
		o := built(t, dir)
		o.Log = other
		x := opened(t, o)
		if s := x.Status(); name != "an empty one" && !strings.Contains(s.Rebuilt, errOther.Error()) || s.Records != uint64(len(scan(t, other))) {
			t.Errorf("%s: %+v", name, s)
		}
		checkSearch(t, x, other, 8, 5)
		x.Close()
	}
}

// TestLockedIndex: the second process says that it is locked, and goes on as soon as the first
// has ended.
func TestLockedIndex(t *testing.T) {
	t.Parallel()
	dir := written(t, 10, 100)
	o := small(t, dir)
	first := opened(t, o)
	var log veiltest.Buffer
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	second := Open(o)
	defer second.Close()
	veiltest.Until(t, "it is locked", func() bool { return second.Status().State == Unavailable })
	_, err := second.Search(t.Context(), &Filter{Limit: 1})
	var unavailable *UnavailableError
	if !errors.As(err, &unavailable) || unavailable.Problem != errLocked.Error() {
		t.Error(err)
	}
	checkSearch(t, first, dir, 1, 3)
	first.Close()
	veiltest.Until(t, "it goes on", func() bool { return second.Sync(t.Context()) == nil })
	checkSearch(t, second, dir, 1, 3)
	if n := strings.Count(log.String(), "\n"); n != 1 {
		t.Errorf("%d messages: %s", n, log.String())
	}
}

// TestIndexThatCannotBeWritten: a directory that is none, or a file where the database
// should be, or a full disk make the index unavailable, with a message, and nothing more.
func TestIndexThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	dir := written(t, 11, 100)
	for name, c := range map[string]struct {
		prepare func(t *testing.T, o *Options)
		says    string
	}{
		"a file":          {func(t *testing.T, o *Options) { mustWrite(t, o.Dir) }, "not a directory"},
		"a folder inside": {func(t *testing.T, o *Options) { mustMake(t, o.file()) }, "is a directory"},
		"a full disk":     {func(_ *testing.T, o *Options) { o.pages = 12 }, "no space"},
		"no log":          {func(_ *testing.T, o *Options) { o.Log += "-gone" }, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := small(t, dir)
			c.prepare(t, &o)
			x := Open(o)
			defer x.Close()
			veiltest.Until(t, "it is unavailable", func() bool { return x.Status().State == Unavailable })
			if s := x.Status(); !strings.Contains(s.Problem, c.says) || strings.Contains(s.Problem, "\n") {
				t.Errorf("%+v", s)
			}
			var unavailable *UnavailableError
			if err := x.Sync(t.Context()); !errors.As(err, &unavailable) {
				t.Error(err)
			}
		})
	}
}

func mustWrite(t *testing.T, path string) {
	t.Helper()
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

func mustMake(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(path, 0o700); err != nil {
		t.Fatal(err)
	}
}

// TestChangedLinesAreCounted changes a line of the log, and cuts one: what can be read is
// found, and the status says where the first one is.
func TestChangedLinesAreCounted(t *testing.T) {
	t.Parallel()
	dir := written(t, 12, 200)
	names, err := audit.Segments(dir)
	if err != nil || len(names) < 3 {
		t.Fatal(names, err)
	}
	for i, to := range []func(b []byte) []byte{
		func(b []byte) []byte {
			return bytes.Replace(b, []byte(`"consumer":"ann"`), []byte(`"consumer":"eve"`), 1)
		},
		func(b []byte) []byte { return b[:len(b)-10] },
	} {
		path := filepath.Join(dir, names[i])
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, to(b), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	x := opened(t, small(t, dir))
	if s := x.Status(); s.Unreadable != 2 || !strings.Contains(s.First, names[0]) || s.State != Ready {
		t.Errorf("%+v", s)
	}
	checkSearch(t, x, dir, 12, 20)
}

// TestLogChangedBehindTheIndex: a record whose line was changed after it was found is shown
// as such.
func TestLogChangedBehindTheIndex(t *testing.T) {
	t.Parallel()
	dir := written(t, 13, 50)
	x := opened(t, small(t, dir))
	names, err := audit.Segments(dir)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, names[0])
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, bytes.Replace(b, []byte(`"consumer":"ann"`), []byte(`"consumer":"eve"`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := x.Search(t.Context(), &Filter{Limit: 100})
	if err != nil {
		t.Fatal(err)
	}
	changed := 0
	for _, r := range p.Records {
		if r.Err != nil {
			changed++
		}
	}
	if changed != 1 || p.Total != 50 {
		t.Errorf("%d of %d are changed", changed, p.Total)
	}
}

// TestNoValueIsInTheDatabase plants texts in every member of a record that is not a name of
// Veil's own, and looks for them in the files.
func TestNoValueIsInTheDatabase(t *testing.T) {
	t.Parallel()
	const planted = "ZyxwPlantedMarker"
	dir := t.TempDir()
	l := audittest.New(t, dir, 5_000)
	records := audittest.From(14, epoch)
	for range 100 {
		for _, line := range records.Next() {
			line.Client, line.Statement, line.Relations, line.Run, line.Program = planted, planted, []string{planted}, planted, planted
			line.File, line.FileName, line.InputDigest, line.OutputDigest = planted, planted, planted, planted
			if line.Kind == "record" {
				line.RequestID += planted
			} else {
				line.Resource, line.Path = planted, planted
			}
			l.Write(line)
		}
	}
	l.Close()
	o := built(t, dir)
	files, err := os.ReadDir(o.Dir)
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(filepath.Join(o.Dir, f.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(planted)) || bytes.Contains(b, []byte(planted[4:14])) {
			t.Errorf("%s has a planted text", f.Name())
		}
		if info, err := f.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s is readable for others: %v", f.Name(), info.Mode())
		}
	}
}
