package deployment

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/selftest"
)

// settle is how long records may take to become visible. They are durable before a
// response is sent, so this only matters for remote file systems.
const settle = 2 * time.Second

// checkAudit checks whether everything that the self-test did was recorded, in an intact
// and signed log, under the configured rules and keys.
func (d *Deployment) checkAudit(ctx context.Context) {
	dir := d.config.Audit.Dir
	add := func(id string, severity selftest.Severity, failed bool, seen, do string) {
		d.add(probe{id: id, kind: "audit", of: "audit.dir", severity: severity, seen: seen, do: do}, failed)
	}
	info, err := os.Stat(dir)
	if err != nil {
		add("audit.log", selftest.High, true, "the folder of the audit log cannot be read from here", "run the self-test where the log is, as a user who may read it")
		return
	}
	add("audit.private", selftest.Medium, info.Mode().Perm()&0o007 != 0, "other users can enter the folder of the audit log", "chmod o-rwx")
	if free, known := audit.Free(dir); known {
		add("audit.disk", selftest.High, free < d.MinFree, "the disk of the audit log is nearly full: Veil stops serving when it is full", "free some space, or move the log")
	}
	whole, err := audit.Verify(dir, "")
	add("audit.chain", selftest.Critical, err != nil && !unfinished(err), "the log does not verify: "+cut(err), "find out who changed it; veil audit verify names the line")
	d.checkCheckpoint(dir, whole.Lines, add)
	d.checkRecords(ctx, dir, add)
}

// cut returns the text of an error of the log, which has only names of segments, numbers
// and fixed words.
func cut(err error) string {
	if err == nil {
		return ""
	}
	return firstLine(err)
}

// unfinished reports whether the log only ends in a line that is being written.
func unfinished(err error) bool { return strings.Contains(err.Error(), "the line is cut off") }

type addFunc func(id string, severity selftest.Severity, failed bool, seen, do string)

// linesWithoutCheckpoint is how many lines a log may have before there must be a
// checkpoint. The first one is written after 1,024 lines, or when the process ends.
const linesWithoutCheckpoint = 2048

// checkCheckpoint checks whether a signed checkpoint protects the end of the log.
func (d *Deployment) checkCheckpoint(dir string, lines uint64, add addFunc) {
	if d.config.Audit.SignerFile == "" {
		add("audit.checkpoint", selftest.Medium, true, "checkpoints are not signed: whoever can write to the folder can rewrite the log, or cut off its end", "create a key with veil keys sign, and set audit.signerFile")
		return
	}
	given := d.VerifierKey
	if given == "" {
		given = d.config.Audit.SignerFile + ".pub"
	}
	key, err := keys.ReadVerifier(given)
	_, missing := os.Stat(filepath.Join(dir, "checkpoint"))
	if err == nil && (missing == nil || lines > linesWithoutCheckpoint) {
		_, err = audit.Verify(dir, key)
	}
	add("audit.checkpoint", selftest.High, err != nil && !unfinished(err), "the signed checkpoint does not verify: "+cut(err), "give the verifier key with --verifier-key, and find out what was changed")
}

// records is what the log contains about the self-test.
type records struct {
	byRequest  map[string]bool
	statements int
	inForce    map[[2]string]bool // hash of the ruleset, fingerprint of the key
}

// checkRecords looks for the records of the self-test's requests.
func (d *Deployment) checkRecords(ctx context.Context, dir string, add addFunc) {
	if len(d.requests) == 0 && d.statements == 0 {
		d.skip(probe{id: "audit.record", kind: "audit", of: "audit.dir", severity: selftest.Critical}, "no attack reached a listener")
		return
	}
	r := d.readRecords(dir)
	for wait := time.Now().Add(settle); d.missing(r) > 0 && time.Now().Before(wait) && ctx.Err() == nil; r = d.readRecords(dir) {
		time.Sleep(settle / 10)
	}
	missing := d.missing(r)
	add("audit.record", selftest.Critical, missing > 0, fmt.Sprintf("%d of %d requests and statements of the self-test are not in the log", missing, len(d.requests)+d.statements), "find out where the process writes its records: it may run with another configuration, or be another program")
	if d.prepared == nil || len(r.inForce) == 0 {
		return
	}
	rulesets, fingerprints := map[string]bool{}, map[string]bool{}
	for _, v := range d.prepared.FHIR.Views {
		rulesets[v.Automaton.Policy.Ruleset.SHA256()], fingerprints[v.Automaton.Policy.Keys.Fingerprint()] = true, true
	}
	otherRules, otherKey := false, false
	for pair := range r.inForce {
		otherRules = otherRules || pair[0] != "" && !rulesets[pair[0]]
		otherKey = otherKey || pair[1] != "" && !fingerprints[pair[1]]
	}
	add("ruleset.in-force", selftest.High, otherRules, "the ruleset in force is not the one in the file", "reload (SIGHUP) or restart, or restore the file")
	add("key.in-force", selftest.High, otherKey, "the key in force is not the one in the file", "restart with the right key, or restore the file")
}

// missing returns how many requests of the self-test have no record.
func (d *Deployment) missing(r *records) (n int) {
	for _, id := range d.requests {
		if !r.byRequest[id] {
			n++
		}
	}
	return n + max(0, d.statements-r.statements)
}

// readRecords reads what was recorded since the self-test began. Unreadable lines are
// reported by the check of the chain.
func (d *Deployment) readRecords(dir string) *records {
	r := &records{byRequest: map[string]bool{}, inForce: map[[2]string]bool{}}
	own := map[string]bool{}
	for _, id := range d.requests {
		own[id] = true
	}
	for line, err := range audit.Read(dir) {
		if err != nil || line.Kind != "record" || line.Time.Before(d.began) {
			continue
		}
		mine := own[line.RequestID]
		if mine {
			r.byRequest[line.RequestID] = true
		}
		if line.Door == "postgres" && line.Result != "started" {
			r.statements++
		}
		if mine || line.Door == "postgres" {
			r.inForce[[2]string{line.RulesetSHA256, line.KeyFingerprint}] = true
		}
	}
	return r
}
