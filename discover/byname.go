package discover

import (
	"fmt"
	"strings"

	"github.com/veil-proxy/veil/discover/words"
)

// names are the names of a schema as the lexicon understands them.
type names struct {
	vocabulary *words.Vocabulary
	table      words.Name
	columns    []words.Name
}

// parseNames reads the names of the tables of one schema.
func parseNames(lex *words.Lexicon, tables []*tableState) {
	bySchema := map[string][]*tableState{}
	for _, t := range tables {
		bySchema[t.Schema] = append(bySchema[t.Schema], t)
	}
	for _, group := range bySchema {
		var all []string
		for _, t := range group {
			all = append(all, t.Name)
			for i := range t.Columns {
				all = append(all, t.Columns[i].Name)
			}
		}
		vocabulary := lex.Vocabulary(all)
		for _, t := range group {
			t.names = names{vocabulary: vocabulary, table: vocabulary.Parse(t.Name)}
			for i := range t.Columns {
				t.names.columns = append(t.names.columns, vocabulary.Parse(t.Columns[i].Name))
			}
		}
	}
}

// byName adds evidence from the name of a column and from its comment. Only the first
// sentence of a comment counts, and has little weight, since comments also mention other
// columns.
func (t *tableState) byName(i int) {
	b := t.boards[i]
	n := &t.names
	strongest := 0.0
	for _, vote := range n.vocabulary.Judge(n.columns[i], n.table) {
		strongest = max(strongest, vote.Weight)
		b.add(fromName, Class(vote.Class), vote.Weight, fmt.Sprintf("the name says %s", vote.Words))
	}
	comment := t.Columns[i].Comment
	if comment == "" {
		return
	}
	if cut := strings.IndexAny(comment, ".;\n"); cut > 0 {
		comment = comment[:cut]
	}
	if fields := strings.Fields(comment); len(fields) > 14 {
		return
	}
	weight := 0.15
	if strongest < 4 {
		weight = 0.5
	}
	for _, vote := range n.vocabulary.Judge(n.vocabulary.Parse(comment), n.table) {
		switch Class(vote.Class) {
		case Other, Code, Measure, Flag, EventDate, EventKey, PersonKey:
			continue // words that occur in any comment
		}
		b.add(fromComment, Class(vote.Class), weight*vote.Weight, fmt.Sprintf("the comment says %s", vote.Words))
	}
}
