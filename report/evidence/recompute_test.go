package evidence

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// raw is a line of a log as any reader of JSON has it.
type raw = map[string]any

// readRaw reads the lines of the records of a log, with nothing of package audit.
func readRaw(t *testing.T, dir string) (list []raw) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil || len(names) == 0 {
		t.Fatalf("the log has no segment: %v", err)
	}
	slices.Sort(names)
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		s := bufio.NewScanner(f)
		s.Buffer(nil, 16<<20)
		for s.Scan() {
			var l raw
			if err := json.Unmarshal(s.Bytes(), &l); err != nil {
				t.Fatal(err)
			}
			if l["kind"] == "record" {
				list = append(list, l)
			}
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	return list
}

func text(l raw, name string) string {
	s, _ := l[name].(string)
	return s
}

// exchangesOf returns the exchanges that began in november: the last record of each, with
// the time of its first one.
func exchangesOf(logs ...[]raw) (list []raw) {
	for _, records := range logs {
		last, order := map[string]raw{}, []string{}
		for _, l := range records {
			id := text(l, "requestId")
			if before := last[id]; before != nil {
				l["time"] = before["time"]
			} else {
				order = append(order, id)
			}
			last[id] = l
		}
		for _, id := range order {
			l := last[id]
			if l["result"] == "started" {
				l["result"] = "interrupted"
			}
			if strings.HasPrefix(text(l, "time"), "2026-11-") {
				list = append(list, l)
			}
		}
	}
	return list
}

// sums are numbers by a name.
type sums map[string]float64

// sumsOf adds up one member of the entries of a section, by the texts of others.
func sumsOf(t *testing.T, report map[string]any, section, member string, by ...string) sums {
	t.Helper()
	out := sums{}
	for _, e := range report[section].([]any) {
		e := e.(map[string]any)
		var key []string
		for _, b := range by {
			s, _ := e[b].(string)
			key = append(key, s)
		}
		if _, twice := out[strings.Join(key, "|")]; twice {
			t.Errorf("%s has %v twice", section, key)
		}
		if n := e[member].(float64); n > 0 {
			out[strings.Join(key, "|")] = n
		}
	}
	return out
}

func same(t *testing.T, what string, report, log sums) {
	t.Helper()
	if len(log) == 0 {
		t.Errorf("%s: the log has none", what)
	}
	if !reflect.DeepEqual(report, log) {
		t.Errorf("%s: the report has %v, the log %v", what, report, log)
	}
}

// asMap is a report as a reader of its JSON has it.
func asMap(t *testing.T, e *Evidence) map[string]any {
	t.Helper()
	b, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// TestFiguresAreThoseOfTheRawLog computes every figure again from the lines of two logs,
// with nothing but a reader of JSON.
func TestFiguresAreThoseOfTheRawLog(t *testing.T) {
	t.Parallel()
	one, two := write(t, nil, random(1, 250)...), write(t, nil, random(2, 60)...)
	report := asMap(t, gather(t, one, two))
	records := [][]raw{readRaw(t, one), readRaw(t, two)}

	inPeriod := 0.0
	for i, list := range records {
		n := 0.0
		first, last := "9", ""
		for _, l := range list {
			at := text(l, "time")
			first, last = min(first, at), max(last, at)
			if strings.HasPrefix(at, "2026-11-") {
				n++
			}
		}
		inPeriod += n
		log := report["logs"].([]any)[i].(map[string]any)
		lines := tail(t, []string{one, two}[i])
		if log["records"] != float64(len(list)) || log["inPeriod"] != n || log["first"] != first || log["last"] != last || log["lines"] != lines["seq"] || log["lastHash"] != lines["hash"] || log["segments"] != 1.0 {
			t.Errorf("log %d: the report has %v, the log ends with %v", i+1, log, lines)
		}
	}

	want := struct {
		totals, requests, days, delivered, problems, problemDays, consumers, consumerRulesets, rulesets, keys, openings, runs, rules, ruleDays, letters sums
	}{sums{}, sums{}, sums{}, sums{}, sums{}, sums{}, sums{}, sums{}, sums{}, sums{}, sums{}, sums{}, sums{}, sums{}, sums{}}
	want.totals["records"] = inPeriod
	for _, l := range exchangesOf(records...) {
		door, op, result, who := text(l, "door"), text(l, "operation"), text(l, "result"), text(l, "consumer")
		day := text(l, "time")[:10]
		if sum := text(l, "rulesetSha256"); sum != "" {
			want.rulesets[text(l, "ruleset")+"|"+sum]++
		}
		if key := text(l, "keyFingerprint"); key != "" {
			want.keys[text(l, "project")+"|"+key]++
		}
		if door == "file" && op == "run" {
			want.runs[result]++
			continue
		}
		want.totals["exchanges"]++
		want.totals[result]++
		want.requests[door+"|"+op+"|"+result]++
		want.days[day+"|"+result]++
		if door == "file" && result == "complete" {
			want.runs["files"]++
		}
		switch {
		case door == "keys":
			want.openings[who+"|"+text(l, "project")]++
		case op == "login" && result == "refused":
			want.totals["failedLogins"]++
		default:
			want.consumers[who+"|"+result]++
			want.consumerRulesets[who+"|"+text(l, "rulesetSha256")] = 1
		}
		if reason := text(l, "reason"); reason != "" {
			want.problems[door+"|"+result+"|"+reason]++
			want.problemDays[door+"|"+result+"|"+reason+"|"+day]++
		}
		resources, _ := l["resources"].([]any)
		for _, r := range resources {
			if n := r.(raw)["n"].(float64); n > 0 {
				want.delivered[door+"|"+r.(raw)["name"].(string)] += n
			}
		}
		applied, _ := l["applied"].([]any)
		for _, a := range applied {
			a := a.(raw)
			n := a["n"].(float64)
			want.totals["applications"] += n
			want.rules[text(a, "rule")+"|"+text(a, "category")] += n
			want.ruleDays[text(a, "rule")+"|"+text(a, "category")+"|"+day] += n
			for _, letter := range strings.Split(text(a, "category"), "") {
				want.letters[letter] += n
			}
		}
	}

	has := sums{}
	for name, v := range report["totals"].(map[string]any) {
		if n, ok := v.(float64); ok {
			has[name] = n
		}
	}
	same(t, "totals", has, want.totals)
	has = sums{}
	for name, v := range report["runs"].(map[string]any) {
		if n, ok := v.(float64); ok && n > 0 {
			has[name] = n
		}
	}
	same(t, "runs", has, want.runs)
	outcomes := func(section string, by ...string) sums {
		all := sums{}
		for _, result := range []string{"complete", "refused", "failed", "interrupted"} {
			for key, n := range sumsOf(t, report, section, result, by...) {
				all[key+"|"+result] = n
			}
		}
		return all
	}
	same(t, "requests", outcomes("requests", "listener", "operation"), want.requests)
	same(t, "days", outcomes("days", "day"), want.days)
	same(t, "consumers", outcomes("consumers", "name"), want.consumers)
	same(t, "delivered", sumsOf(t, report, "delivered", "n", "listener", "type"), want.delivered)
	same(t, "refusals", sumsOf(t, report, "refusals", "n", "listener", "result", "reason"), want.problems)
	same(t, "refusals by day", byDay(report, "refusals", "listener", "result", "reason"), want.problemDays)
	same(t, "rulesets", sumsOf(t, report, "rulesets", "records", "name", "sha256"), want.rulesets)
	same(t, "keys", sumsOf(t, report, "keys", "records", "project", "fingerprint"), want.keys)
	same(t, "openings", sumsOf(t, report, "openings", "requests", "operator", "project"), want.openings)
	same(t, "applications", sumsOf(t, report, "applications", "total", "rule", "category"), want.rules)
	same(t, "applications by day", byDay(report, "applications", "rule", "category"), want.ruleDays)
	same(t, "identifiers", sumsOf(t, report, "identifiers", "applications", "letter"), want.letters)
	has = sums{}
	for _, c := range report["consumers"].([]any) {
		for _, sum := range c.(raw)["rulesets"].([]any) {
			has[text(c.(raw), "name")+"|"+sum.(string)] = 1
		}
	}
	delete(want.consumerRulesets, "unknown|")
	same(t, "rulesets of consumers", has, want.consumerRulesets)
}

// tail is the last line of a log.
func tail(t *testing.T, dir string) (l raw) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "veil-00000000000000000001.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &l); err != nil {
		t.Fatal(err)
	}
	return l
}

// byDay are the numbers by day of the entries of a section.
func byDay(report map[string]any, section string, by ...string) sums {
	out := sums{}
	for _, e := range report[section].([]any) {
		e := e.(map[string]any)
		key := ""
		for _, b := range by {
			s, _ := e[b].(string)
			key += s + "|"
		}
		for day, n := range e["days"].(map[string]any) {
			out[key+day] = n.(float64)
		}
	}
	return out
}
