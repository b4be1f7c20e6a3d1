package evidence

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/veil-proxy/veil/discover/drift"
	"github.com/veil-proxy/veil/discover/report"
	"github.com/veil-proxy/veil/report/signed"
)

// Configuration is what the operator has configured.
type Configuration struct {
	Basis Basis `json:"basis"`
	// File is the digest of the configuration.
	File  string `json:"file"`
	Lines []Line `json:"lines"`
}

// Line is a statement of a word or a number.
type Line struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Embedded is the result of another tool.
type Embedded struct {
	Basis Basis `json:"basis"`
	// File is the digest of the file that contains it, and Key the key that signed it, if
	// that was verified.
	File string `json:"file"`
	Key  string `json:"key,omitempty"`
	signed.Result
	// MoreFigures and MoreFindings count those that are omitted.
	MoreFigures  int `json:"moreFigures,omitempty"`
	MoreFindings int `json:"moreFindings,omitempty"`
}

// Discovery is the scope and the results of a discovery, in numbers.
type Discovery struct {
	Basis     Basis      `json:"basis"`
	File      string     `json:"file"`
	Key       string     `json:"key,omitempty"`
	Time      time.Time  `json:"time,omitzero"` // where it is signed
	Tables    int        `json:"tables"`
	Unread    int        `json:"unread"` // tables of which no row could be sampled
	Columns   int        `json:"columns"`
	Sensitive int        `json:"sensitive"`
	Quasi     int        `json:"quasi"`
	Unsure    int        `json:"unsure"`
	Letters   []LetterOf `json:"identifiers"`
}

// LetterOf counts columns that discovery classifies as one of the eighteen identifiers.
type LetterOf struct {
	Letter  string `json:"letter"`
	Columns int    `json:"columns"`
}

// Drift says how a source differs from the one that the ruleset was written for.
type Drift struct {
	Basis     Basis     `json:"basis"`
	File      string    `json:"file"`
	Key       string    `json:"key,omitempty"`
	Time      time.Time `json:"time,omitzero"` // where it is signed
	Uncovered int       `json:"uncovered"`
	Changed   int       `json:"changed"`
	Unused    int       `json:"unused"`
}

// The kinds as which output of veil discover is signed.
const (
	KindDiscovery = "discovery"
	KindDrift     = "drift"
)

// most bounds the figures and findings of a result that are included.
const most = 200

// errSigned says that the signature of a result is not that of the keys that were given.
var errSigned = errors.New("its signature does not verify")

// vouch returns the basis of a file: measured if a key verifies its signature, else
// stated.
func vouch(file []byte, kind string, keys []string) (b Basis, key string, err error) {
	for _, k := range keys {
		doc, err := signed.Open(file, k)
		var change *signed.ChangedError
		switch {
		case err == nil && doc.Kind != kind:
			return "", "", fmt.Errorf("it is signed as a %s, not as a %s", doc.Kind, kind)
		case err == nil:
			return Measured, doc.Key, nil
		case errors.Is(err, signed.ErrUnsigned):
			return Stated, "", nil
		case errors.As(err, &change):
			return "", "", fmt.Errorf("%w: %s", errSigned, strings.Join(change.What, "; "))
		}
	}
	return Stated, "", nil
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// Embed reads the result of a kind from a file. Its basis is Measured if one of the keys
// verifies it, otherwise Stated.
func Embed(file []byte, kind string, keys []string) (*Embedded, error) {
	r, err := signed.ParseResult(file, kind)
	if err != nil {
		return nil, err
	}
	e := &Embedded{File: digest(file), Result: *r}
	if e.Basis, e.Key, err = vouch(file, kind, keys); err != nil {
		return nil, err
	}
	e.Details = nil
	rank := map[signed.Outcome]int{signed.Fail: 0, signed.NotRun: 1, signed.Pass: 2}
	slices.SortStableFunc(e.Findings, func(a, b signed.Finding) int { return cmp.Compare(rank[a.Outcome], rank[b.Outcome]) })
	if n := len(e.Findings) - most; n > 0 {
		e.Findings, e.MoreFindings = e.Findings[:most], n
	}
	if n := len(e.Figures) - most; n > 0 {
		e.Figures, e.MoreFigures = e.Figures[:most], n
	}
	return e, nil
}

// decode reads the JSON of a command.
func decode(file []byte, into any, command, member string) error {
	var members map[string]json.RawMessage
	switch err := json.Unmarshal(file, &members); {
	case len(bytes.TrimSpace(file)) == 0:
		return errors.New("the file is empty")
	case err != nil || members[member] == nil || json.Unmarshal(file, into) != nil:
		return fmt.Errorf("expected what %s writes: the file is not JSON of that form, or it is cut off", command)
	}
	return nil
}

// ReadDiscovery reads the output of veil discover --format json.
func ReadDiscovery(file []byte, keys []string) (*Discovery, error) {
	var r struct {
		Time time.Time
		report.Report
	}
	if err := decode(file, &r, "veil discover --format json", "columns"); err != nil {
		return nil, err
	}
	d := &Discovery{File: digest(file), Time: r.Time, Columns: len(r.Columns), Unread: len(r.Unread), Letters: []LetterOf{}}
	var err error
	if d.Basis, d.Key, err = vouch(file, KindDiscovery, keys); err != nil {
		return nil, err
	}
	tables, letters := map[[2]string]bool{}, map[string]int{}
	for i := range r.Columns {
		f := &r.Columns[i]
		tables[[2]string{f.Schema, f.Table}] = true
		d.Sensitive += number(f.Sensitive)
		d.Quasi += number(f.Quasi)
		d.Unsure += number(f.Unsure())
		for _, l := range strings.Split(f.Category, "") {
			letters[l]++
		}
	}
	d.Tables = len(tables)
	for _, l := range strings.Split("ABCDEFGHIJKLMNOPQR", "") {
		if n := letters[l]; n > 0 {
			d.Letters = append(d.Letters, LetterOf{l, n})
		}
	}
	return d, nil
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// ReadDrift reads the output of veil discover --against --format json.
func ReadDrift(file []byte, keys []string) (*Drift, error) {
	var r struct {
		Time time.Time
		drift.Report
	}
	if err := decode(file, &r, "veil discover --against RULESET --format json", "uncovered"); err != nil {
		return nil, err
	}
	d := &Drift{File: digest(file), Time: r.Time, Uncovered: len(r.Uncovered), Changed: len(r.Changed), Unused: len(r.Unused)}
	var err error
	d.Basis, d.Key, err = vouch(file, KindDrift, keys)
	return d, err
}
