package proxy_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/veiltest"
	"github.com/veil-proxy/veil/proxy/consumer"
)

// What both listeners share must look the same from outside. The tests of this file
// run one table of cases against both, over a protocol each.

// ann sees the only view.
var ann = setup{users: []account{{name: "ann"}}, views: []string{""}}

// TestListenersAreAlike runs the same cases against both listeners.
func TestListenersAreAlike(t *testing.T) {
	t.Parallel()
	cases := []struct {
		name string
		run  func(t *testing.T, name string)
	}{
		{"a failed login", failedLogin},
		{"guesses", guesses},
		{"drain", drain},
		{"the end of the grace", endOfGrace},
		{"a reload in flight", reloadInFlight},
		{"a log that cannot be written", brokenLog},
		{"no view", noView},
		{"a limit that is reached", limitReached},
		{"readiness", readiness},
	}
	for _, name := range []string{"fhir", "postgres"} {
		for _, c := range cases {
			t.Run(name+"/"+c.name, func(t *testing.T) { c.run(t, name) })
		}
	}
}

// A failed login is a record, a line and a count, and so is a right one's exchange.
func failedLogin(t *testing.T, name string) {
	x := start(t, name, ann)
	x.want(t, "a wrong credential", "ann", "wrong", "credentials")
	x.want(t, "one of nobody", "nobody", "wrong", "credentials")
	failed := x.find("login", "refused")
	if len(failed) != 2 {
		t.Fatalf("%d records of failed logins", len(failed))
	}
	for _, r := range failed {
		if r.Door != name || r.Client != "127.0.0.1" || r.Reason != "credentials" || r.Ruleset != "" || r.Time.IsZero() {
			t.Errorf("%+v", r)
		}
		if strings.Count(x.text(), "msg=login request_id="+r.RequestID) != 1 {
			t.Errorf("no line of it in %s", x.text())
		}
	}
	x.want(t, "a right one", "ann", password, "answer")
	if done := x.find(x.operation, "complete"); len(done) != 1 || done[0].Consumer != "ann" || done[0].Ruleset != "both" || done[0].Client != "127.0.0.1" {
		t.Errorf("%+v", done)
	}
	x.counted(t, "failed_logins_total 2")
	x.counted(t, `refused_total{reason="credentials"} 2`)
}

// Guesses are slower and slower, and a right credential of the same address is taken
// all the same.
func guesses(t *testing.T, name string) {
	x := start(t, name, ann)
	var last time.Duration
	for range 7 {
		begun := time.Now()
		x.want(t, "a guess", "ann", "wrong", "credentials")
		last = time.Since(begun)
	}
	if last < 400*time.Millisecond {
		t.Errorf("the seventh guess took %v", last)
	}
	x.want(t, "a right credential", "ann", password, "answer")
}

// A listener that stops is not ready and takes no connection; what is in progress
// ends well.
func drain(t *testing.T, name string) {
	x := start(t, name, ann)
	if err := x.server.Ready(); err != nil {
		t.Fatal(err)
	}
	response, release := x.begin(t, "ann")
	down := make(chan error, 1)
	go func() { down <- x.server.Shutdown(t.Context()) }()
	veiltest.Until(t, "the listener says that it stops", func() bool {
		err := x.server.Ready()
		return err != nil && err.Error() == "shutting down"
	})
	veiltest.Until(t, "no connection is taken", func() bool {
		conn, err := net.Dial("tcp", x.address)
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
	release()
	if got := <-response; got != "answer" {
		t.Errorf("what was in progress: %s", got)
	}
	if err := <-down; err != nil {
		t.Errorf("shutdown: %v", err)
	}
	if n := len(x.find(x.operation, "complete")); n != 1 {
		t.Errorf("%d records", n)
	}
}

// At the end of the grace nobody is waited for: the client is cut off.
func endOfGrace(t *testing.T, name string) {
	x := start(t, name, ann)
	response, _ := x.begin(t, "ann")
	over, end := context.WithCancel(t.Context())
	end()
	if err := x.server.Shutdown(over); !errors.Is(err, context.Canceled) {
		t.Errorf("shutdown: %v", err)
	}
	if got := <-response; got != "closed" {
		t.Errorf("what was in progress: %s", got)
	}
	if n := len(x.find(x.operation, "complete")); n != 0 {
		t.Errorf("%d records of complete exchanges", n)
	}
}

// What is in progress keeps the policy that it began with; what comes next has the
// new one.
func reloadInFlight(t *testing.T, name string) {
	x := start(t, name, ann)
	response, release := x.begin(t, "ann")
	if err := x.reload(setup{users: []account{{name: "bob"}}, views: []string{""}}); err != nil {
		t.Fatal(err)
	}
	release()
	if got := <-response; got != "answer" {
		t.Errorf("what was in progress: %s", got)
	}
	if done := x.find(x.operation, "complete"); len(done) != 1 || done[0].Consumer != "ann" {
		t.Errorf("%+v", done)
	}
	x.want(t, "who is no longer let in", "ann", password, "credentials")
	x.want(t, "who is let in now", "bob", password, "answer")
	if err := x.reload(setup{users: []account{{name: "ann", view: "gone"}}, views: []string{""}}); err == nil {
		t.Error("a policy that is wrong was put in force")
	}
	x.want(t, "who is still let in", "bob", password, "answer")
}

// Without its record an exchange is not completed, counted or logged as one; the
// next one is, once the log can be written.
func brokenLog(t *testing.T, name string) {
	x := start(t, name, ann)
	x.want(t, "before", "ann", password, "answer")
	before := strings.Count(x.text(), "outcome=")
	x.broken(errors.New("disk full"))
	x.want(t, "a right credential", "ann", password, "record")
	x.want(t, "a wrong credential", "ann", "wrong", "record")
	if text := x.text(); strings.Count(text, "outcome=") != before || strings.Count(text, "audit record could not be written") != 2 {
		t.Errorf("the log is %s", text)
	}
	x.counted(t, "audit_append_failures_total 2")
	var b strings.Builder
	x.metrics.Write(&b)
	if strings.Contains(b.String(), "refused_total{") {
		t.Errorf("a refusal without a record is counted: %s", b.String())
	}
	x.broken(nil)
	x.want(t, "after", "ann", password, "answer")
}

// A policy whose consumers see a view that is not there is not put in force.
func noView(t *testing.T, name string) {
	_, err := open(t, name, setup{users: []account{{name: "ann", view: "gone"}}, views: []string{"", "other"}})
	const want = `consumers see view "gone", which is not configured: views are "", "other"`
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

// What is over a consumer's limit is refused, recorded and counted; other consumers
// do not notice.
func limitReached(t *testing.T, name string) {
	x := start(t, name, setup{users: []account{{name: "ann", limits: consumer.Limits{Concurrent: 1}}, {name: "bob"}}, views: []string{""}})
	response, release := x.begin(t, "ann")
	x.want(t, "one more", "ann", password, "limit")
	refused := x.find("", "refused")
	if len(refused) != 1 {
		t.Fatalf("%d refusals", len(refused))
	}
	if refused[0].Consumer != "ann" || refused[0].Reason != "consumer limits" || refused[0].Ruleset != "both" {
		t.Errorf("%+v", refused[0])
	}
	x.counted(t, `refused_total{reason="consumer limits"} 1`)
	release()
	if got := <-response; got != "answer" {
		t.Errorf("what was in progress: %s", got)
	}
	x.want(t, "the next", "ann", password, "answer")
	x.want(t, "somebody else", "bob", password, "answer")
}

// A listener is ready where the process is and the upstream responds.
func readiness(t *testing.T, name string) {
	var mu sync.Mutex
	var why error
	x := start(t, name, setup{users: ann.users, views: ann.views, process: func() error { mu.Lock(); defer mu.Unlock(); return why }})
	if err := x.server.Ready(); err != nil {
		t.Errorf("ready: %v", err)
	}
	mu.Lock()
	why = errors.New("the audit log is full")
	mu.Unlock()
	if err := x.server.Ready(); err == nil || err.Error() != "the audit log is full" {
		t.Errorf("where the process is not ready: %v", err)
	}
}
