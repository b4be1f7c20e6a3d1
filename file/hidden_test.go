package file

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestHiddenNames: with HideNames no part of an input's path is in that of its output, its
// problems aside, which are for who runs the job; the same input has the same name again,
// and the name is the one of the audit log.
func TestHiddenNames(t *testing.T) {
	t.Parallel()
	texts := map[string]string{
		"in/smith_anna.txt":              "a\n",
		"in/ward smith/1950-03-05.csv":   "b\n",
		"in/ward smith/sub/jones.TXT":    "c\n",
		"in/x.smith":                     "d\n",
		"in/ward smith/smith.ndjson.gz":  packed(t, ".gz", "e\n"),
		"in/other ward/1950-03-05.csv":   "f\n",
		"in/other ward/smith_anna.arrow": "g\n",
		"in/other ward/smith_anna.ipc":   "h\n",
		"in/other ward/smith anna.md":    "i\n",
	}
	var names [2]map[string]string
	for i := range names {
		j, dir, _ := testJob(t, texts)
		j.HideNames = true
		p, err := j.plan(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		names[i] = map[string]string{}
		for _, in := range p.inputs {
			names[i][in.outputs[0]] = strings.TrimPrefix(in.display, dir)
			if !strings.HasPrefix(filepath.Base(in.outputs[0]), in.pseudonym(j.Keys)) {
				t.Errorf("%s is not found under its pseudonym", in.display)
			}
		}
		if _, err := j.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		for name := range tree(t, j.Out) {
			if _, ok := names[i][name]; !ok {
				t.Errorf("an output is called %s", name)
			}
		}
	}
	same(t, "outputs of a second run", names[1], names[0])
	form := regexp.MustCompile(`^(dir-[0-9a-f]{16}/)*file-[0-9a-f]{16}(\.txt|\.csv|\.ndjson\.gz|\.arrow|\.ipc|\.md)?$`)
	for name := range names[0] {
		if !form.MatchString(filepath.ToSlash(name)) {
			t.Errorf("an output is called %s", name)
		}
	}
	if len(names[0]) != len(texts) {
		t.Errorf("%d outputs of %d inputs", len(names[0]), len(texts))
	}
}
