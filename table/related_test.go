package table

import (
	"strings"
	"testing"

	"github.com/veil-proxy/veil/mask/ruleset"
	"github.com/veil-proxy/veil/text"
)

// TestRelatedRowsAreBounded: a key with too much, and what is more than fits, is as if it
// were not there.
func TestRelatedRowsAreBounded(t *testing.T) {
	t.Parallel()
	named := &ruleset.RelatedRow{Table: "p", By: "k", Key: "id", Columns: []ruleset.KnownColumn{{Kind: "names", Column: "n"}}}
	rows := NewRelatedRows()
	related := rows.of("", &ruleset.TableRule{Related: []ruleset.RelatedRow{*named}})[0]
	related.table.found = true
	add := func(key, value string) {
		collect([]collected{{related.table, 0}}, []byte(key), [][]byte{[]byte(value)})
	}
	has := func(key string) bool { return related.addKnown(&text.KnownBuilder{}, []byte(key)) }
	add("few", "Ottoline")
	add(" few ", "Blytheson")
	for range 3 {
		add("many", strings.Repeat("x", MostOfKey/2))
	}
	add("", "Nobody")
	if !has("few") || !has("few ") || has("many") || has("") || has("other") {
		t.Errorf("few %v, many %v, none %v, other %v", has("few"), has("many"), has(""), has("other"))
	}
	var b text.KnownBuilder
	related.addKnown(&b, []byte("few"))
	if n := b.Build().Len(); n < 2 {
		t.Errorf("%d names of two rows of a key", n)
	}
	rows.Missed()
	rows.most = rows.size + 10
	add("last", "Mae")
	if has("few") || has("last") {
		t.Error("rows are known although not all fit")
	}
	if got := rows.Missed(); len(got) != 1 || !strings.Contains(got[0], "2 texts were removed that need related rows of table p: related rows need more than 0 MiB") {
		t.Errorf("said: %q", got)
	}
	if got := rows.Missed(); len(got) > 0 {
		t.Errorf("said again: %q", got)
	}
}

// TestRelatedKeys: keys are equal as texts, and UUIDs in either case.
func TestRelatedKeys(t *testing.T) {
	t.Parallel()
	const uuid = "0f8fad5b-d9cb-469f-a165-70867728950e"
	for _, c := range []struct {
		a, b  string
		equal bool
	}{
		{"7", " 7", true}, {"7", "07", false}, {"a", "A", false}, {uuid, strings.ToUpper(uuid), true}, {"pat-b", "pat-b ", true},
	} {
		if got := string(relatedKey([]byte(c.a))) == string(relatedKey([]byte(c.b))); got != c.equal {
			t.Errorf("%q and %q: %v", c.a, c.b, got)
		}
	}
}
