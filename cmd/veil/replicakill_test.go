package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/veil-proxy/veil/internal/consoletest"
	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/proxy/console"
)

// TestReplicaKilled: one of three replicas behind balancers is killed (SIGKILL) while clients
// read and walk through pages, exports are downloaded and waited for, and jobs run. Clients
// that try again go on, exports and jobs too; everything is byte for byte what it is without
// a kill, and in a log. An operator who has logged in to the console stays there, sees which
// replica each page is of, and all jobs.
func TestReplicaKilled(t *testing.T) {
	t.Parallel()
	r := newReplicas(t)
	patient := r.patient(t, "trial")
	read := r.ask(t, patient)
	walk := r.walk(t)
	manifest := r.manifest(t, r.kickOff(t, "/$export"))
	downloads := map[string]string{}
	for _, url := range manifest {
		downloads[url] = r.whole(t, http.DefaultClient, url).body
	}
	if read.status != 200 || len(walk) < 3 || len(downloads) != 2 {
		t.Fatalf("%+v, %d pages, %d files", read, len(walk), len(downloads))
	}
	masked := r.order(t, visitOrder, "calm-mask")
	exported := r.order(t, exportOrder, "calm-export")
	for _, id := range []string{masked, exported} {
		if job := r.over(t, id); job.State != "complete" {
			t.Fatalf("%+v", job)
		}
	}

	r.hold()
	status := r.kickOff(t, "/Patient/$export")
	var stop atomic.Bool
	var clients sync.WaitGroup
	var reads, pages, looks, files atomic.Int64
	for range 4 {
		clients.Go(func() {
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			for !stop.Load() && !t.Failed() {
				if a := r.whole(t, client, r.base+patient); a.body != read.body {
					t.Errorf("%d: %s", a.status, a.body)
				}
				reads.Add(1)
				at := r.base + "/Patient?_count=2"
				for i, want := range walk {
					a := r.whole(t, client, at)
					if pageToken.ReplaceAllString(a.body, "") != want {
						t.Errorf("page %d: %d: %s\nwithout a kill:\n%s", i, a.status, a.body, want)
						return
					}
					pages.Add(1)
					at = nextPage(t, a.body)
				}
				if a := r.whole(t, client, status); !stop.Load() && a.status != http.StatusAccepted {
					t.Errorf("the export that is not complete: %d: %s", a.status, a.body)
				}
				looks.Add(1)
			}
		})
	}
	var loading sync.WaitGroup
	for range 3 { // at least one at each replica
		for url, want := range downloads {
			loading.Go(func() {
				client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
				if a := r.whole(t, client, url); a.body != want {
					t.Errorf("a file has %d bytes, and %d without a kill", len(a.body), len(want))
				}
				files.Add(1)
			})
		}
	}
	var jobs []string
	for i := range r.names { // each replica runs one at a time
		jobs = append(jobs, r.order(t, exportOrder, fmt.Sprint("killed-export", i)))
	}
	jobs = append(jobs, r.order(t, visitOrder, "killed-mask"))
	more := func() {
		t.Helper()
		before := []int64{reads.Load(), pages.Load(), looks.Load()}
		veiltest.Until(t, "clients are served", func() bool {
			return t.Failed() || reads.Load() > before[0]+20 && pages.Load() > before[1]+50 && looks.Load() > before[2]+20
		})
	}
	more()
	veiltest.Until(t, "downloads and jobs are half way", func() bool { return r.half.Load() == 6+3 })
	if status := r.console.LogIn(t, consoletest.Name, consoletest.Password); status != http.StatusSeeOther {
		t.Fatalf("the login to the console has status %d", status)
	}
	listed := make([]string, len(jobs))
	for i, id := range jobs {
		listed[i] = console.Path + "/jobs/" + id
	}
	r.pages(t, "/jobs", r.names, listed...)
	r.pages(t, "/", r.names)
	if err := r.processes[0].cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-r.processes[0].done
	more()
	r.pages(t, "/jobs", r.names[1:], listed...)
	r.pages(t, "/audit", r.names[1:])
	if again := r.order(t, visitOrder, "killed-mask"); again != jobs[3] {
		t.Errorf("the same order again is job %s, and was %s", again, jobs[3])
	}
	r.letGo()
	stop.Store(true)
	clients.Wait()
	loading.Wait()
	links := r.manifest(t, status)
	if len(links) != len(manifest) {
		t.Fatalf("%q", links)
	}
	for i, url := range links {
		if a := r.whole(t, http.DefaultClient, url); a.body != downloads[manifest[i]] {
			t.Errorf("a file of the export that was waited for has %d bytes", len(a.body))
		}
	}
	starts := 0
	for i, id := range jobs {
		job := r.over(t, id)
		if starts += job.Starts; job.State != "complete" {
			t.Errorf("%+v", job)
		}
		calm, name := "calm-export", fmt.Sprint("killed-export", i)
		if i == len(r.names) {
			calm, name = "calm-mask", "killed-mask"
		}
		r.sameOutputs(t, calm, name)
		var record json.RawMessage
		r.api(t, "GET", "/jobs/"+id+"/record", "", &record)
		file := write(t, r.path(name+".json"), string(record))
		if v := veil(t, "", "runs", "verify", file, r.path("out/"+name)); v.code != 0 || !strings.Contains(v.stdout, " verified") {
			t.Errorf("%s: %+v", name, v)
		}
	}
	if starts != len(jobs)+1 {
		t.Errorf("%d jobs were begun %d times, with one kill", len(jobs), starts)
	}
	for _, p := range r.processes[1:] {
		p.stop(t)
	}
	if r.broken.Load() == 0 {
		t.Error("no download broke off")
	}
	r.recorded(t)
	t.Logf("%d reads, %d pages, %d looks at the export, %d files, %d connections broke off", reads.Load(), pages.Load(), looks.Load(), files.Load(), r.broken.Load())
}

// sameOutputs compares what two jobs wrote.
func (r *replicas) sameOutputs(t *testing.T, calm, name string) {
	t.Helper()
	want, got := files(t, r.path("out/"+calm)), files(t, r.path("out/"+name))
	if len(got) != len(want) || len(want) == 0 {
		t.Errorf("%s has %d files, and %d without a kill", name, len(got), len(want))
	}
	for file, text := range want {
		if got[file] != text || strings.Contains(got[file], "PLANTED") {
			t.Errorf("%s: %s has %d bytes, and %d without a kill", name, file, len(got[file]), len(text))
		}
	}
}

// recorded finds each response that arrived whole, and each output of a job, in a log of the
// replicas.
func (r *replicas) recorded(t *testing.T) {
	t.Helper()
	var log strings.Builder
	for i, name := range r.names {
		dir := r.path("audit-" + name)
		if i > 0 { // that of the killed one is whole up to the kill
			if v := veil(t, "", "audit", "verify", dir); v.code != 0 {
				t.Errorf("%s%s", v.stdout, v.stderr)
			}
		}
		log.WriteString(veil(t, "", "audit", "show", dir, "--format", "json").stdout)
	}
	text := log.String()
	var missing, checked int
	r.ids.Range(func(id, _ any) bool {
		if checked++; !strings.Contains(text, id.(string)) {
			missing++
		}
		return true
	})
	if missing > 0 || checked == 0 {
		t.Errorf("%d of %d responses have no record", missing, checked)
	}
	for name := range files(t, r.path("out")) {
		found := false
		for _, replica := range r.names {
			v := veil(t, "", "audit", "show", r.path("audit-"+replica), "--file", filepath.Join(r.path("out"), name))
			found = found || v.code == 0 && strings.Contains(v.stdout, "complete")
		}
		if !found {
			t.Errorf("the output %s has no record", name)
		}
	}
}
