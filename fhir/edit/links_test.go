package edit

import (
	"fmt"
	"strings"
	"testing"
)

// TestEachLink: links are found wherever they stand, and none in entries that are known.
func TestEachLink(t *testing.T) {
	t.Parallel()
	const entries = `[{"link":[{"relation":"inner"}],"resource":{"resourceType":"Patient"}}]`
	for _, bundle := range []string{
		`{"resourceType":"Bundle","link":[{"relation":"self","url":"a"},{"relation":"next","url":"b"}],"entry":%s}`,
		` { "entry" : %s , "link" : [ {"url":"a","relation":"self"}, {"relation":"next","url":"b"} ] }`,
		`{"entry":%s,"link":{"relation":"self","url":"a"},"l\u0069nk":[{"relation":"next","url":"b"}]}`,
	} {
		text := fmt.Sprintf(bundle, entries)
		at := strings.Index(text, entries)
		for _, known := range [][2]int{{0, 0}, {at, at + len(entries)}} {
			got := ""
			EachLink([]byte(text), known[0], known[1], func(relation, url string) { got += relation + "=" + url + " " })
			if got != "self=a next=b " {
				t.Errorf("%s, entries at %v: links %s", text, known, got)
			}
		}
	}
	// What is known is not read.
	text := fmt.Sprintf(`{"entry":%s,"link":[{"relation":"self"}]}`, strings.Repeat("?", 9))
	got := 0
	EachLink([]byte(text), 9, 18, func(string, string) { got++ })
	if got != 1 {
		t.Errorf("%d links", got)
	}
}
