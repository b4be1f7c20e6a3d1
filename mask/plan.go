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
}

// Plan is a policy applied to a shape: actions by number. It is immutable.
type Plan struct {
	// Ruleset and RulesetSHA256 are the name and the identity of the ruleset.
	Ruleset, RulesetSHA256 string
	Keys                   *keys.Keyring
	Actions                []Action
	// texts are the actions as a record in JSON has them, up to how often they were used:
	// most of a record is these.
	texts []string
	// categories number the categories of actions from 1; 0 is one too many.
	categories []uint8
	numbers    map[string]uint8
}

// Add appends an action and returns its number.
func (p *Plan) Add(a Action) (int, error) {
	if len(p.Actions) >= maxActions {
		return 0, fmt.Errorf("ruleset %s needs more than %d actions", p.Ruleset, maxActions)
	}
	p.Actions = append(p.Actions, a)
	p.texts = append(p.texts, a.text())
	p.categories = append(p.categories, p.number(a.Category))
	return len(p.Actions) - 1, nil
}

// number is that of a category.
func (p *Plan) number(category string) uint8 {
	n, known := p.numbers[category]
	if !known && len(p.numbers) < mostNumbered {
		if p.numbers == nil {
			p.numbers = map[string]uint8{}
		}
		n = uint8(len(p.numbers) + 1) //nolint:gosec // at most mostNumbered
		p.numbers[category] = n
	}
	return n
}

// text is an Applied of the action in JSON, up to its number.
func (a *Action) text() string {
	b, _ := json.Marshal(Applied{Rule: a.Rule, Category: a.Category, Path: a.Path, Method: a.Method}) // texts always encode
	return strings.TrimSuffix(string(b), "0}")
}

// maxActions keeps an action number within 16 bits.
const maxActions = 1 << 16
