package ruletest

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/masktest"
)

// publishedColumns are the text columns that shipped rulesets keep whatever they hold, and
// what they are: vocabularies that a site loads as they are published, and keys and flags of
// a dictionary.
var publishedColumns = map[string]string{
	"omop/concept":              "concept_name concept_code valid_start_date",
	"omop/concept_relationship": "relationship_id invalid_reason valid_start_date valid_end_date",
	"omop/drug_strength":        "invalid_reason valid_start_date valid_end_date",
	"openmrs/concept":           "version uuid",
	"openmrs/concept_name":      "uuid locale concept_name_type",
}

// TestTextByMistakeInKeptColumns: shipped rulesets for tables let no telephone number, mail
// address or date pass that stands in a text column by mistake, but in the columns that are
// listed above.
func TestTextByMistakeInKeptColumns(t *testing.T) {
	t.Parallel()
	files, err := Read(nil)
	if err != nil {
		t.Fatal(err)
	}
	used, columns := map[string]bool{}, 0
	for _, f := range files {
		if !slices.Contains([]string{"synthea", "mimic-iv", "omop", "openmrs"}, f.Ruleset) {
			continue
		}
		automaton := masktest.Shipped(t, f.Ruleset)
		for _, test := range f.tests {
			if test.table == "" {
				continue
			}
			var row map[string]any
			if err := json.Unmarshal([]byte(test.input), &row); err != nil {
				t.Fatal(err)
			}
			for name, value := range row {
				if _, ok := value.(string); !ok {
					continue
				}
				columns++
				for _, planted := range []string{"tel 555-123-4567", "555-123-4567", "123-45-6789", "anna@example.org", "Anna, born 1950-03-05", "MRN92509351"} {
					row[name] = planted
					input, err := json.Marshal(row)
					if err != nil {
						t.Fatal(err)
					}
					other := test
					other.input = string(input)
					masked, _, err := other.row(automaton)
					if err != nil {
						continue // refused, which shows nothing
					}
					if !strings.Contains(string(masked), `"`+planted+`"`) {
						continue
					}
					at := f.Ruleset + "/" + test.table
					if !strings.Contains(" "+publishedColumns[at]+" ", " "+name+" ") {
						t.Errorf("%s.%s shows %q", at, name, planted)
					}
					used[at+" "+name] = true
				}
				row[name] = value
			}
		}
	}
	for at, names := range publishedColumns {
		for _, name := range strings.Fields(names) {
			if !used[at+" "+name] {
				t.Errorf("%s.%s is listed and shows nothing", at, name)
			}
		}
	}
	if columns < 200 {
		t.Errorf("%d columns", columns)
	}
}
