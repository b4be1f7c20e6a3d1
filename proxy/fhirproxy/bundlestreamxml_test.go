package fhirproxy

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/veiltest"
)

// TestXMLBundleThatBreaksOff: a Bundle in XML is cut off where it cannot be completed, and
// one whose members come in another order than XML's is sent whole the next time.
func TestXMLBundleThatBreaksOff(t *testing.T) {
	t.Parallel()
	const link = `"meta":{"lastUpdated":"2020-01-02T03:04:05Z"},"link":[{"relation":"self","url":"` + fhirtest.Base + `/Observation"}],`
	good := largeBundle(900, link, "")
	for _, c := range []struct {
		name, reason string
		body         []byte
		cut, next    bool // next: the next time it is sent whole
	}{
		{"the upstream leaves", "upstream broke off", good, true, false},
		{"its text ends", "upstream syntax", good[:len(good)*7/8], false, false},
		{"in another order", "beginning depends on end", largeBundle(900, link, `,"total":7`), false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			up := &paused{body: c.body, pauseAt: len(good) * 3 / 4, goOn: make(chan struct{}), cut: c.cut}
			r := newRig(t, newHandler(t, up), func(s *Config) { s.UpstreamAliases = []string{fhirtest.Base} })
			resp, err := r.client.Get(r.base + "/Observation?_count=900&_format=xml")
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			close(up.goOn)
			got, err := io.ReadAll(resp.Body)
			if err == nil || resp.StatusCode != 200 || !bytes.HasPrefix(got, []byte("<Bundle")) || bytes.Contains(got, []byte("</Bundle>")) {
				t.Errorf("status %d, %v, %d bytes that end in %q", resp.StatusCode, err, len(got), got[max(0, len(got)-20):])
			}
			r.sent = append(r.sent, got...)
			r.checkClean(t)
			veiltest.Until(t, "the place is free", func() bool { return r.listener.bundles.Taken() == 0 })
			records := r.sink.all()
			if last := records[len(records)-1]; last.Result != "failed" || last.Reason != c.reason {
				t.Errorf("records %s: %s", last.Result, last.Reason)
			}
			if !c.next {
				return
			}
			if again := r.get(t, "/Observation?_count=900&_format=xml"); again.status != 200 || !strings.Contains(string(again.body), `<total value="7"/><link>`) {
				t.Errorf("the next time: %d, %.300s", again.status, again.body)
			}
		})
	}
}
