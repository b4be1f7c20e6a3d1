package mask

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/veil-proxy/veil/mask/keys"
)

// Action is one rule at one place of a shape: an element path or a column.
type Action struct {
	Rule     string
	Category string
	Path     string
	Method   string
	Label    Label

	// What its plan adds. text is the JSON of the action in a record, up to how often it was
	// used: these are most of a record.
	text     string
	category uint8  // its number, or 0
	number   uint16 // of the action, plus 1; or 0
}

// Plan is a policy applied to a shape: numbered actions. It is immutable once all
// actions are added.
type Plan struct {
	// Ruleset is the name of the ruleset, RulesetSHA256 its hash.
	Ruleset, RulesetSHA256 string
	Keys                   *keys.Keyring
	Actions                []Action
	// categories number the categories of actions from 1; 0 means that there are too many.
	categories map[string]uint8
}

// Add appends an action and returns its number.
func (p *Plan) Add(a Action) (int, error) {
	if len(p.Actions) >= maxActions {
		return 0, fmt.Errorf("ruleset %s needs more than %d actions", p.Ruleset, maxActions)
	}
	n := len(p.Actions)
	a.text, a.category, a.number = a.asJSON(), p.numberOf(a.Category), uint16(n+1) //nolint:gosec // the last of maxActions has none
	p.Actions = append(p.Actions, a)
	return n, nil
}

// numberOf returns the number of a category.
func (p *Plan) numberOf(category string) uint8 {
	n, known := p.categories[category]
	if !known && len(p.categories) < mostNumbered {
		if p.categories == nil {
			p.categories = map[string]uint8{}
		}
		n = uint8(len(p.categories) + 1) //nolint:gosec // at most mostNumbered
		p.categories[category] = n
	}
	return n
}

// asJSON returns an Applied of the action as JSON, up to its count.
func (a *Action) asJSON() string {
	b, _ := json.Marshal(Applied{Rule: a.Rule, Category: a.Category, Path: a.Path, Method: a.Method}) // encoding texts cannot fail
	return strings.TrimSuffix(string(b), "0}")
}

// maxActions keeps an action number within 16 bits.
const maxActions = 1 << 16
