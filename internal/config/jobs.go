package config

import (
	"cmp"
	"fmt"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/lazyregexp"
	"github.com/veil-proxy/veil/proxy/jobs/queue"
	"github.com/veil-proxy/veil/proxy/jobs/work"
	"github.com/veil-proxy/veil/textfile"
)

// Jobs configures the jobs API.
type Jobs struct {
	// StateDir has the database of jobs, unless Database names a PostgreSQL database.
	StateDir, Database, PasswordFile string
	Concurrency, Workers             int
	// Keep is how long jobs stay in the database after their end; zero means forever.
	Keep time.Duration
	// Views are the views that jobs may name. DefaultView stands for the settings at the
	// top.
	Views            []string
	Sources, Targets []JobPlace
	RecordNames      bool
}

// JobPlace is a folder or a prefix of an object store.
type JobPlace struct{ Name, Dir, URL string }

// DefaultView is the name by which jobs refer to the view of the settings at the top.
const DefaultView = "default"

func (j *Jobs) setDefaults() { j.Concurrency, j.Keep = 1, 90*24*time.Hour }

func jobsSettings(j *Jobs) []setting {
	places := func(name, doc string, to *[]JobPlace) setting {
		return list(name, doc, to, func(p *JobPlace) []setting {
			return []setting{
				text("name", "name of the place in requests", &p.Name, placeName),
				text("dir", "folder, with everything below it", &p.Dir),
				text("url", "or prefix of an object store, such as s3://bucket/exports?region=eu-west-1", &p.URL, storeURL),
			}
		})
	}
	return []setting{
		text("stateDir", "directory of the jobs database; each process needs its own, mode 0700", &j.StateDir).at(restart),
		text("database", "or a PostgreSQL database for several processes, such as postgres://veil@db/jobs; without a password", &j.Database, connectionString).at(restart),
		text("passwordFile", "file with the password of the database, mode 0600 (optional)", &j.PasswordFile).at(restart),
		number("concurrency", "jobs that this process runs at the same time", &j.Concurrency, 1).at(restart),
		number("workers", "blocks of a file that a job masks in parallel; 0 for one for each processor", &j.Workers, 0),
		pause("keep", "how long jobs are listed after their end, with their records and results; 0s for ever. Their outputs and the audit log are kept", &j.Keep).at(restart),
		texts("views", "views whose ruleset and key jobs may use; "+DefaultView+" is the settings at the top", &j.Views),
		places("sources", "places that jobs may read", &j.Sources),
		places("targets", "places that jobs may write; nothing that exists is overwritten", &j.Targets),
		boolean("recordNames", "record the names of files, not only their pseudonyms", &j.RecordNames),
	}
}

var placeForm = lazyregexp.New(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

func placeName(s string) string {
	if !placeForm().MatchString(s) {
		return "expected 1 to 128 letters, digits and ._-"
	}
	return ""
}

func storeURL(s string) string {
	u, err := url.Parse(s)
	if s != "" && (err != nil || !slices.Contains([]string{"s3", "gs", "azblob"}, u.Scheme) || u.Host == "" || u.User != nil || u.Fragment != "") {
		return "expected s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or azblob://CONTAINER/PREFIX"
	}
	return ""
}

// check notes what is missing or contradictory.
func (j *Jobs) check(p *problems, views []string) {
	const path = "operator.jobs"
	if j.StateDir == "" && j.Database == "" {
		p.add(path+".stateDir", "not set: expected a directory for the jobs database, or operator.jobs.database")
	}
	if j.StateDir != "" && j.Database != "" {
		p.add(path+".database", "operator.jobs.stateDir is set, too: remove one of them")
	}
	for i, name := range j.Views {
		if name != DefaultView && !slices.Contains(views, name) {
			p.add(fmt.Sprintf("%s.views[%d]", path, i), "unknown view: expected %s", strings.Join(append(slices.Clone(views), DefaultView), " or "))
		}
	}
	for list, places := range map[string][]JobPlace{"sources": j.Sources, "targets": j.Targets} {
		names := map[string]bool{}
		for i, one := range places {
			at := fmt.Sprintf("%s.%s[%d]", path, list, i)
			switch {
			case one.Name == "":
				p.add(at+".name", "not set: expected a name for requests")
			case names[one.Name]:
				p.add(at+".name", "two places have this name")
			case (one.Dir == "") == (one.URL == ""):
				p.add(at, "expected either dir or url")
			}
			names[one.Name] = true
		}
	}
}

// Queue returns where the jobs of a configuration are kept. An error begins with the
// setting.
func (j *Jobs) Queue() (queue.Config, error) {
	out := queue.Config{Dir: j.StateDir, DSN: j.Database, Concurrency: j.Concurrency, Keep: j.Keep}
	var err error
	out.Password, err = passwordOf(j.PasswordFile)
	return out, err
}

// passwordOf reads the passwordFile of a database; empty for none. An error begins with the
// setting.
func passwordOf(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	text, err := textfile.ReadSecret(file, largestPassword)
	if err != nil {
		return "", fmt.Errorf("passwordFile: %s: %w", file, err)
	}
	return strings.TrimRight(string(text), "\r\n"), nil
}

// largestPassword bounds the file of a password, in bytes.
const largestPassword = 4096

// world returns what jobs may use; nil if there are no jobs.
func (s *sources) world(p *Prepared) *work.World {
	j := s.config.Operator.Jobs
	if j == nil {
		return nil
	}
	w := &work.World{
		Views: map[string]work.View{}, Workers: cmp.Or(j.Workers, runtime.GOMAXPROCS(0)), RecordNames: j.RecordNames, AuditDir: s.config.Audit.Dir,
		Site: fhir.Site{Base: fhir.DefaultBase},
	}
	if up := s.config.FHIR.Upstream; up != "" {
		w.Site.Upstream = append([]string{up}, s.config.FHIR.UpstreamAliases...)
	}
	w.Rules = s.rules
	if s.config.Postgres.Upstream != "" {
		w.Database, _ = s.config.Postgres.Connection() // readForStart reports an error
	}
	for _, v := range p.FHIR.Views {
		name := v.Name
		if name == "" {
			name = DefaultView
		}
		if slices.Contains(j.Views, name) {
			w.Views[name] = work.View{Automaton: v.Automaton, Detail: v.Detail}
		}
	}
	w.Sources, w.Targets = placesOf(j.Sources), placesOf(j.Targets)
	return w
}

func placesOf(list []JobPlace) []work.Place {
	var out []work.Place
	for _, p := range list {
		out = append(out, work.Place(p))
	}
	return out
}
