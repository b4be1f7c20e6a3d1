package evidence

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/safeharbor"
)

// tally counts the records of a period. Its size depends on how many rules, consumers and
// days there are, not on how many records.
type tally struct {
	period Period
	totals Totals
	days   map[string]*Day

	applications map[[2]string]*Application // by rule and category
	requests     map[[2]string]*Request     // by listener and operation
	delivered    map[[2]string]*Delivered   // by listener and type
	problems     map[[3]string]*Problem     // by listener, result and reason
	consumers    map[string]*Consumer
	rulesets     map[[2]string]*Ruleset // by name and hash
	keys         map[[2]string]*Key     // by project and fingerprint
	openings     map[[2]string]*Opening // by operator and project
	runs         Runs

	texts map[string]string // interned texts
}

func newTally(p Period) *tally {
	return &tally{
		period: p, totals: Totals{Basis: Measured}, runs: Runs{Basis: Measured}, days: map[string]*Day{},
		applications: map[[2]string]*Application{}, requests: map[[2]string]*Request{}, delivered: map[[2]string]*Delivered{}, problems: map[[3]string]*Problem{},
		consumers: map[string]*Consumer{}, rulesets: map[[2]string]*Ruleset{}, keys: map[[2]string]*Key{}, openings: map[[2]string]*Opening{},
		texts: map[string]string{},
	}
}

// begun are the exchanges of one log with a record of their beginning but not yet of
// their end, by id.
type begun map[string]*exchange

// exchange is the part of a record that is counted.
type exchange struct {
	at                                         time.Time
	door, operation, consumer, project, reason string
	ruleset, rulesetSHA256, keyFingerprint     string
	resources                                  []mask.Count
	applied                                    []mask.Applied
}

// of returns the part of a record that is counted.
func of(l *audit.Line) exchange {
	return exchange{
		at: l.Time, door: l.Door, operation: l.Operation, consumer: l.Consumer, project: l.Project, reason: l.Reason,
		ruleset: l.Ruleset, rulesetSHA256: l.RulesetSHA256, keyFingerprint: l.KeyFingerprint, resources: l.Resources, applied: l.Applied,
	}
}

// keep prepares an exchange to be kept: it shares its texts with others, so that an
// exchange that never ends takes little memory.
func (t *tally) keep(x exchange) *exchange {
	for _, s := range []*string{&x.door, &x.operation, &x.consumer, &x.project, &x.reason, &x.ruleset, &x.rulesetSHA256, &x.keyFingerprint} {
		t.share(s)
	}
	for i := range x.resources {
		t.share(&x.resources[i].Name)
	}
	for i := range x.applied {
		a := &x.applied[i]
		a.Path = "" // is not counted
		t.share(&a.Rule)
		t.share(&a.Category)
		t.share(&a.Method)
	}
	return &x
}

func (t *tally) share(s *string) {
	one, ok := t.texts[*s]
	if !ok {
		one = strings.Clone(*s)
		t.texts[one] = one
	}
	*s = one
}

// record counts a record of a log. An exchange counts at the time when it began; if it
// has two records, the second one has everything that it delivered.
func (t *tally) record(l *audit.Line, open begun) {
	if t.period.has(l.Time) {
		t.totals.Records++
	}
	x := of(l)
	if l.Result == "started" {
		open[l.RequestID] = t.keep(x)
		return
	}
	if first := open[l.RequestID]; first != nil {
		x.at = first.at
		delete(open, l.RequestID)
	}
	t.exchange(&x, l.Result)
}

// interrupted counts the exchanges that have no end in the log.
func (t *tally) interrupted(open begun) {
	for _, x := range open {
		t.exchange(x, "interrupted")
	}
}

// entry returns the entry for a key, and creates it if necessary.
func entry[K comparable, V any](m map[K]*V, k K, made V) *V {
	v := m[k]
	if v == nil {
		v = &made
		m[k] = v
	}
	return v
}

// exchange counts an exchange that began in the period. Its result is complete, refused,
// failed or interrupted.
func (t *tally) exchange(x *exchange, result string) {
	if !t.period.has(x.at) {
		return
	}
	day := x.at.UTC().Format(time.DateOnly)
	t.origin(x)
	if x.door == "file" && x.operation == file.RunOperation {
		count(result, &t.runs.Complete, nil, &t.runs.Failed, &t.runs.Interrupted)
		return
	}
	if x.door == "file" && result == "complete" {
		t.runs.Files++
	}
	if x.door == "keys" {
		entry(t.openings, [2]string{x.consumer, x.project}, Opening{Basis: Measured, Operator: x.consumer, Project: x.project}).Requests++
	}
	t.totals.Exchanges++
	count(result, &t.totals.Complete, &t.totals.Refused, &t.totals.Failed, &t.totals.Interrupted)
	d := entry(t.days, day, Day{Day: day})
	count(result, &d.Complete, &d.Refused, &d.Failed, &d.Interrupted)
	r := entry(t.requests, [2]string{x.door, x.operation}, Request{Basis: Measured, Listener: x.door, Operation: x.operation})
	count(result, &r.Complete, &r.Refused, &r.Failed, &r.Interrupted)
	if x.operation == "login" && result == "refused" {
		t.totals.FailedLogins++
	} else {
		t.consumer(x, result)
	}
	if x.reason != "" {
		p := entry(t.problems, [3]string{x.door, result, x.reason}, Problem{Basis: Measured, Listener: x.door, Result: result, Reason: x.reason, Days: Counts{}})
		p.N++
		p.Days[day]++
	}
	for _, c := range x.resources {
		entry(t.delivered, [2]string{x.door, c.Name}, Delivered{Basis: Measured, Listener: x.door, Type: c.Name}).N += c.N
	}
	for i := range x.applied {
		t.applied(&x.applied[i], day)
	}
}

// consumer counts who made an exchange. A failed login belongs to nobody, and is counted
// only among failed logins.
func (t *tally) consumer(x *exchange, result string) {
	if x.door == "keys" {
		return
	}
	c := entry(t.consumers, x.consumer, Consumer{Basis: Measured, Name: x.consumer, First: x.at, Last: x.at})
	c.First, c.Last = earlier(c.First, x.at), later(c.Last, x.at)
	c.Listeners, c.Projects, c.Rulesets = with(c.Listeners, x.door), with(c.Projects, x.project), with(c.Rulesets, x.rulesetSHA256)
	count(result, &c.Complete, &c.Refused, &c.Failed, &c.Interrupted)
}

// origin counts the ruleset and the key of a record.
func (t *tally) origin(x *exchange) {
	if x.rulesetSHA256 != "" {
		r := entry(t.rulesets, [2]string{x.ruleset, x.rulesetSHA256}, Ruleset{Basis: Measured, Name: x.ruleset, SHA256: x.rulesetSHA256, First: x.at, Last: x.at, CoverageBasis: NotCovered})
		r.First, r.Last = earlier(r.First, x.at), later(r.Last, x.at)
		r.Records++
	}
	if x.keyFingerprint != "" {
		k := entry(t.keys, [2]string{x.project, x.keyFingerprint}, Key{Basis: Measured, Project: x.project, Fingerprint: x.keyFingerprint, First: x.at, Last: x.at})
		k.First, k.Last = earlier(k.First, x.at), later(k.Last, x.at)
		k.Records++
	}
}

// applied counts applications of a rule.
func (t *tally) applied(a *mask.Applied, day string) {
	t.totals.Applications += a.N
	e := entry(t.applications, [2]string{a.Rule, a.Category}, Application{Basis: Measured, Rule: a.Rule, Category: a.Category, Days: Counts{}})
	e.Methods = with(e.Methods, a.Method)
	e.Total += a.N
	e.Days[day] += a.N
}

// count counts a result; refused may be nil if nothing can be refused.
func count(result string, complete, refused, failed, interrupted *uint64) {
	n := map[string]*uint64{"complete": complete, "refused": refused, "failed": failed, "interrupted": interrupted}[result]
	if n != nil {
		*n++
	}
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// with adds a text to a sorted list, unless it is in it or empty.
func with(list []string, s string) []string {
	at, has := slices.BinarySearch(list, s)
	if has || s == "" {
		return list
	}
	return slices.Insert(list, at, s)
}

// sorted returns the entries of a map in the order of their keys.
func sorted[K comparable, V any](m map[K]*V, compare func(a, b K) int) []V {
	out := make([]V, 0, len(m))
	for _, k := range slices.SortedFunc(maps.Keys(m), compare) {
		out = append(out, *m[k])
	}
	return out
}

func compare2(a, b [2]string) int { return slices.Compare(a[:], b[:]) }
func compare3(a, b [3]string) int { return slices.Compare(a[:], b[:]) }

// fill writes what was counted into the report.
func (t *tally) fill(e *Evidence) {
	e.Totals, e.Runs = t.totals, t.runs
	e.Days = sorted(t.days, cmp.Compare[string])
	e.Applications = sorted(t.applications, compare2)
	e.Requests = sorted(t.requests, compare2)
	e.Delivered = sorted(t.delivered, compare2)
	e.Refusals = sorted(t.problems, compare3)
	e.Consumers = sorted(t.consumers, cmp.Compare[string])
	e.Rulesets = sorted(t.rulesets, compare2)
	e.Keys = sorted(t.keys, compare2)
	e.Openings = sorted(t.openings, compare2)
	slices.SortStableFunc(e.Keys, func(a, b Key) int { return cmp.Or(cmp.Compare(a.Project, b.Project), a.First.Compare(b.First)) })
	e.Rotations = rotations(e.Keys)
	e.Identifiers = identifiers(e.Applications)
}

// rotations returns the changes from one key of a project to the next. Keys are in the
// order of project and first use.
func rotations(keys []Key) []Rotation {
	out := []Rotation{}
	for i := 1; i < len(keys); i++ {
		if p, n := &keys[i-1], &keys[i]; p.Project == n.Project {
			out = append(out, Rotation{Measured, n.Project, p.Fingerprint, n.Fingerprint, n.First})
		}
	}
	return out
}

// identifiers assigns what was applied to the eighteen identifiers. A rule can belong to
// several of them.
func identifiers(applications []Application) (out []Identifier) {
	for _, c := range safeharbor.Categories() {
		id := Identifier{Basis: Measured, Letter: c.Letter, Title: c.Title, Rules: []string{}}
		for i := range applications {
			if a := &applications[i]; hasLetter(a.Category, c.Letter) {
				id.Rules, id.Applications = with(id.Rules, a.Rule), id.Applications+a.Total
			}
		}
		out = append(out, id)
	}
	return out
}
