package evidence

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/mask"
)

// november is the period of the tests.
var november = Period{time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}

// write writes records to a new log.
func write(t testing.TB, signer note.Signer, records ...*mask.Record) string {
	t.Helper()
	dir := t.TempDir()
	log, err := audit.Open(dir, audit.Options{Signer: signer})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if err := log.Append(context.Background(), r); err != nil {
			t.Fatal(err)
		}
	}
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// planted is what stands in fields of a log that a report must not show.
const planted = "QUARRINGTON-PLANTED-VALUE"

// random returns records of a deployment that lives: all outcomes, exchanges with one and
// with two records, some without an end, some outside of november, jobs, openings, logins,
// two rulesets, and a key that is replaced.
func random(seed uint64, n int) (list []*mask.Record) {
	r := rand.New(rand.NewPCG(seed, 7))
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	for i := range n {
		at := november.From.Add(time.Duration(r.Int64N(int64(40*24*time.Hour)) - int64(5*24*time.Hour)))
		rec := mask.Record{
			Time: at, RequestID: fmt.Sprintf("r%d", i), Consumer: pick("ann", "bi", "trial-7"), Project: pick("default", "cardiology"), Client: planted,
			Door: pick("fhir", "postgres", "file"), Operation: pick("read Patient", "search Observation", "select", "mask"), Statement: planted, Relations: []string{planted},
			Result: pick("complete", "complete", "complete", "refused", "failed"), FileName: planted, File: planted, InputDigest: planted, OutputDigest: planted,
			Ruleset: pick("safe-harbor", "site"), KeyFingerprint: "key-one",
		}
		rec.RulesetSHA256 = "sha-of-" + rec.Ruleset
		if at.Day() > 15 {
			rec.KeyFingerprint = "key-two"
		}
		if rec.Result != "complete" {
			rec.Reason = pick("credentials", "search parameter", "upstream timeout")
		} else {
			rec.Resources = []mask.Count{{Name: pick("Patient", "Observation", "rows"), N: r.Uint64N(50)}}
			for _, rule := range [][2]string{{"names", "A"}, {"dates", "C"}, {"telecoms", "DEF"}, {"unlisted", ""}} {
				if r.IntN(3) > 0 {
					rec.Used = append(rec.Used, mask.NewUses(mask.Applied{Rule: rule[0], Category: rule[1], Path: planted, Method: pick("remove", "year"), N: r.Uint64N(200)})...)
				}
			}
		}
		switch r.IntN(12) {
		case 0: // a login
			rec.Operation, rec.Resources, rec.Used = "login", nil, nil
			if rec.Result == "refused" {
				rec.Consumer, rec.Ruleset, rec.RulesetSHA256, rec.KeyFingerprint, rec.Project = "unknown", "", "", "", ""
			}
		case 1: // an opening
			rec.Door, rec.Operation, rec.Result, rec.Reason, rec.Used = "keys", "open", "complete", "", nil
		case 2: // a run, with two records
			rec.Door, rec.Operation, rec.Used, rec.Resources = "file", "run", nil, []mask.Count{{Name: "files", N: 2}}
			begin := rec
			begin.Result, begin.Reason, begin.Resources, begin.Program = "started", "", nil, planted
			list = append(list, &begin)
			if r.IntN(4) == 0 {
				continue
			}
			if rec.Result == "refused" {
				rec.Result = "failed"
			}
		case 3, 4: // a long response; its second record may be of another day
			begin := rec
			begin.Result, begin.Reason, begin.Resources, begin.Used = "started", "", []mask.Count{{Name: "Patient", N: 1}}, nil
			list = append(list, &begin)
			if r.IntN(4) == 0 {
				continue // it was interrupted
			}
			rec.Time = rec.Time.Add(time.Duration(r.Int64N(int64(48 * time.Hour))))
		}
		list = append(list, &rec)
	}
	return list
}

// gather makes a report of logs.
func gather(t testing.TB, logs ...string) *Evidence {
	t.Helper()
	e, err := Gather(context.Background(), &Options{Version: "veil test", Time: november.To, Period: november, Logs: logs})
	if err != nil {
		t.Fatal(err)
	}
	return e
}
