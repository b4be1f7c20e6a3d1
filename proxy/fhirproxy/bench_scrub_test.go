package fhirproxy

import (
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/valyala/fasthttp"
)

// BenchmarkScrubbedPage requests a page of 20 DocumentReferences of one patient with notes
// of 4 KB through the listener with an audit log on disk: with the notes removed, scrubbed
// for the first time, and scrubbed again. x-removed is the processor time of the listener's
// process as a multiple of that where notes are removed.
//
//	…/8clients  with eight requests under way
func BenchmarkScrubbedPage(b *testing.B) {
	for _, clients := range []int{1, 8} {
		removed := 0.0
		for _, c := range []struct {
			name, kind string
			fresh      bool
		}{{"removed", "masked+audit", true}, {"new", "scrubbed+audit", true}, {"again", "scrubbed+audit", false}} {
			b.Run(fmt.Sprintf("%s/%dclients", c.name, clients), func(b *testing.B) {
				p := startListener(b, c.kind, notesUpstream(b, c.fresh))
				client := &fasthttp.HostClient{Addr: p.addr, MaxConns: clients, MaxResponseBodySize: 1 << 26}
				ask := func(int) {
					req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
					req.SetRequestURI(p.base + "/DocumentReference?_count=20")
					if err := client.Do(req, resp); err != nil || resp.StatusCode() != 200 || strings.Contains(string(resp.Body()), "Quarrington") ||
						strings.Contains(string(resp.Body()), `"data"`) != (c.name != "removed") {
						b.Errorf("status %d, %v: %.200s", resp.StatusCode(), err, resp.Body())
					}
					fasthttp.ReleaseRequest(req)
					fasthttp.ReleaseResponse(resp)
				}
				for i := range 20 {
					ask(i)
				}
				cpu := p.cpu(b)
				requests(b, clients, ask)
				each := float64((p.cpu(b) - cpu).Microseconds()) / float64(b.N)
				client.CloseIdleConnections()
				b.ReportMetric(each, "cpu-µs")
				if c.name == "removed" {
					removed = each
				} else if removed > 0 {
					b.ReportMetric(each/removed, "x-removed")
				}
			})
		}
	}
}

// notesUpstream serves the page and its patient. With fresh, no note comes twice.
func notesUpstream(b *testing.B, fresh bool) string {
	page, notes := notesPage()
	patient := []byte(`{"resourceType":"Patient","id":"1","name":[{"family":"Quarrington","given":["Ottoline"]}],"birthDate":"1950-03-04","telecom":[{"system":"phone","value":"555-201-7788"}]}`)
	var mu sync.Mutex
	n := 0
	return "http://" + benchServe(b, func(ctx *fasthttp.RequestCtx) {
		ctx.SetContentType("application/fhir+json")
		if strings.HasPrefix(string(ctx.Path()), "/Patient/") {
			ctx.Response.SetBodyRaw(patient)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		if n++; fresh {
			for _, at := range notes {
				base64.StdEncoding.Encode(page[at:], fmt.Appendf(nil, "On page %09d ", n))
			}
		}
		ctx.Response.SetBody(page)
	})
}

// notesPage returns the page, and where the base64 of its notes begins.
func notesPage() (page []byte, notes []int) {
	rng := rand.New(rand.NewPCG(1, 2))
	page = []byte(`{"resourceType":"Bundle","type":"searchset","entry":[`)
	for i := range 20 {
		note := inventedNote(rng, []byte("On page 000000000 "))
		page = fmt.Appendf(page, `{"resource":{"resourceType":"DocumentReference","id":"d%d","status":"current","subject":{"reference":"Patient/1"},"content":[{"attachment":{"contentType":"text/plain","data":"`, i)
		notes = append(notes, len(page))
		page = fmt.Appendf(page, `%s"}}]}},`, base64.StdEncoding.EncodeToString(note))
	}
	return append(page[:len(page)-1], "]}"...), notes
}

// inventedNote goes on with a note until it has 4 KB.
func inventedNote(rng *rand.Rand, note []byte) []byte {
	for len(note) < 4096 {
		note = fmt.Appendf(note, "Seen %d/%d/2024 by Dr. %s for chest pain; BP 120/%d, Lantus %d units. Mrs. Quarrington is stable, says %s.\n",
			1+rng.IntN(12), 1+rng.IntN(28), invented(rng), 60+rng.IntN(30), rng.IntN(40), invented(rng))
	}
	return note
}

// invented is a word that looks like a name.
func invented(rng *rand.Rand) string {
	b := []byte{byte('A' + rng.IntN(26))}
	for i := range 7 {
		b = append(b, []string{"aeiou", "bcdfghklmnprstvz"}[i%2][rng.IntN(5)])
	}
	return string(b)
}
