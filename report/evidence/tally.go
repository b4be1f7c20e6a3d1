package evidence

import (
	"cmp"
	"maps"
	"slices"
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
}

func newTally(p Period) *tally {
	return &tally{
		period: p, totals: Totals{Basis: Measured}, runs: Runs{Basis: Measured}, days: map[string]*Day{},
		applications: map[[2]string]*Application{}, requests: map[[2]string]*Request{}, delivered: map[[2]string]*Delivered{}, problems: map[[3]string]*Problem{},
		consumers: map[string]*Consumer{}, rulesets: map[[2]string]*Ruleset{}, keys: map[[2]string]*Key{}, openings: map[[2]string]*Opening{},
	}
}

// begun are the exchanges of one log that have a record of their beginning and none of
// their end so far.
type begun map[string]*audit.Line

// record counts a record of a log. An exchange counts when it began; of its two records, if
// it has two, the second has all that it delivered.
func (t *tally) record(l *audit.Line, open begun) {
	if t.period.has(l.Time) {
		t.totals.Records++
	}
	if l.Result == "started" {
		open[l.RequestID] = l
		return
	}
	at := l.Time
	if first := open[l.RequestID]; first != nil {
		at = first.Time
		delete(open, l.RequestID)
	}
	t.exchange(l, at, l.Result)
}

// interrupted counts the exchanges that have no end in the log.
func (t *tally) interrupted(open begun) {
	for _, l := range open {
		t.exchange(l, l.Time, "interrupted")
	}
}

// entry returns the entry of a key, and makes it if it is new.
func entry[K comparable, V any](m map[K]*V, k K, made V) *V {
	v := m[k]
	if v == nil {
		v = &made
		m[k] = v
	}
	return v
}

// exchange counts an exchange that began at a time, if that is in the period. Its result is
// complete, refused, failed or interrupted.
func (t *tally) exchange(l *audit.Line, at time.Time, result string) {
	if !t.period.has(at) {
		return
	}
	day := at.UTC().Format(time.DateOnly)
	t.origin(l, at)
	if l.Door == "file" && l.Operation == file.RunOperation {
		count(result, &t.runs.Complete, nil, &t.runs.Failed, &t.runs.Interrupted)
		return
	}
	if l.Door == "file" && result == "complete" {
		t.runs.Files++
	}
	if l.Door == "keys" {
		entry(t.openings, [2]string{l.Consumer, l.Project}, Opening{Basis: Measured, Operator: l.Consumer, Project: l.Project}).Requests++
	}
	t.totals.Exchanges++
	count(result, &t.totals.Complete, &t.totals.Refused, &t.totals.Failed, &t.totals.Interrupted)
	d := entry(t.days, day, Day{Day: day})
	count(result, &d.Complete, &d.Refused, &d.Failed, &d.Interrupted)
	r := entry(t.requests, [2]string{l.Door, l.Operation}, Request{Basis: Measured, Listener: l.Door, Operation: l.Operation})
	count(result, &r.Complete, &r.Refused, &r.Failed, &r.Interrupted)
	if l.Operation == "login" && result == "refused" {
		t.totals.FailedLogins++
	} else {
		t.consumer(l, at, result)
	}
	if l.Reason != "" {
		p := entry(t.problems, [3]string{l.Door, result, l.Reason}, Problem{Basis: Measured, Listener: l.Door, Result: result, Reason: l.Reason, Days: Counts{}})
		p.N++
		p.Days[day]++
	}
	for _, c := range l.Resources {
		entry(t.delivered, [2]string{l.Door, c.Name}, Delivered{Basis: Measured, Listener: l.Door, Type: c.Name}).N += c.N
	}
	for i := range l.Applied {
		t.applied(&l.Applied[i], day)
	}
}

// consumer counts who made an exchange. A login that failed is nobody's: it is counted with
// the failed logins alone.
func (t *tally) consumer(l *audit.Line, at time.Time, result string) {
	if l.Door == "keys" {
		return
	}
	c := entry(t.consumers, l.Consumer, Consumer{Basis: Measured, Name: l.Consumer, First: at, Last: at})
	c.First, c.Last = earlier(c.First, at), later(c.Last, at)
	c.Listeners, c.Projects, c.Rulesets = with(c.Listeners, l.Door), with(c.Projects, l.Project), with(c.Rulesets, l.RulesetSHA256)
	count(result, &c.Complete, &c.Refused, &c.Failed, &c.Interrupted)
}

// origin counts the ruleset and the key of a record.
func (t *tally) origin(l *audit.Line, at time.Time) {
	if l.RulesetSHA256 != "" {
		r := entry(t.rulesets, [2]string{l.Ruleset, l.RulesetSHA256}, Ruleset{Basis: Measured, Name: l.Ruleset, SHA256: l.RulesetSHA256, First: at, Last: at, CoverageBasis: NotCovered})
		r.First, r.Last = earlier(r.First, at), later(r.Last, at)
		r.Records++
	}
	if l.KeyFingerprint != "" {
		k := entry(t.keys, [2]string{l.Project, l.KeyFingerprint}, Key{Basis: Measured, Project: l.Project, Fingerprint: l.KeyFingerprint, First: at, Last: at})
		k.First, k.Last = earlier(k.First, at), later(k.Last, at)
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

// count counts a result; refused may be nil where nothing is.
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

// with adds a text to a sorted list that does not have it. Empty texts are none.
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

// rotations are the changes from one key of a project to the next. Keys are in the order of
// project and first use.
func rotations(keys []Key) []Rotation {
	out := []Rotation{}
	for i := 1; i < len(keys); i++ {
		if p, n := &keys[i-1], &keys[i]; p.Project == n.Project {
			out = append(out, Rotation{Measured, n.Project, p.Fingerprint, n.Fingerprint, n.First})
		}
	}
	return out
}

// identifiers lays what was applied over the eighteen identifiers. A rule can stand for
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
