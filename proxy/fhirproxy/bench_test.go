package fhirproxy

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/veil-proxy/veil/audit"
	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy/fhirproxy/media"
	"github.com/veil-proxy/veil/proxy/fhirproxy/parse"
	"github.com/veil-proxy/veil/proxy/trace"
)

// benchClients is how many requests are under way at once.
const benchClients = 8

// BenchmarkListener measures requests through the listener, beside the same proxy with
// masking and auditing taken out, in one run. Upstream, listener and clients share
// the machine. Each case has many different answers, which come again: the
// walkers' memory is as warm as it gets when the same records are read often.
//
//	masked          the listener, with records that are dropped
//	masked+audit    the listener, with a log on disk that is synced before each answer
//	unmasked        parse, ask, check, answer: no guard, masking or record
//	…/64clients     with 64 requests under way instead of benchClients
//	…/gzip          the upstream compresses its answers
//	…/5ms           the upstream takes 5 ms for an answer, as a fast real one does
//
// The plain case is bound by the processors, which an upstream that answers from
// memory hardly loads: it shows what masking costs beside moving bytes. The
// last one shows what consumers notice of it.
func BenchmarkListener(b *testing.B) {
	audit.SpareProcessor() // as veil run does
	pop := fhirtest.Generate(3, 60)
	small, large := smallAnswers(pop), largeAnswers(pop)
	for _, size := range []struct {
		name    string
		answers map[string][]byte
	}{{"1KB", small}, {"100KB", large}} {
		for _, manner := range []string{"", "/64clients", "/gzip", "/5ms"} {
			up := benchUpstream(b, size.answers, manner)
			for _, kind := range []string{"masked", "unmasked", "masked+audit"} {
				b.Run(size.name+"/"+kind+manner, func(b *testing.B) { benchListener(b, up, kind, clientsOf(manner), size.answers) })
			}
		}
	}
}

// smallAnswers are resources of about a kilobyte by their paths.
func smallAnswers(pop *fhirtest.Population) map[string][]byte {
	answers := map[string][]byte{}
	for _, r := range pop.Resources() {
		if delivered(r.Type) && len(r.JSON) > 900 && len(r.JSON) < 1200 && len(answers) < 200 {
			answers["/"+r.Type+"/"+r.ID] = r.JSON
		}
	}
	return answers
}

// delivered reports whether the default ruleset lets a type pass.
func delivered(typ string) bool { return typ != "Binary" && typ != "Provenance" && typ != "AuditEvent" }

// largeAnswers are searchset Bundles of about 100 kilobytes by their paths.
func largeAnswers(pop *fhirtest.Population) map[string][]byte {
	answers := map[string][]byte{}
	var b []byte
	for _, r := range pop.Resources() {
		if !delivered(r.Type) {
			continue
		}
		if b == nil {
			b = []byte(`{"resourceType":"Bundle","type":"searchset","entry":[`)
		} else {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, `{"fullUrl":"%s/%s/%s","resource":%s,"search":{"mode":"match"}}`, fhirtest.Base, r.Type, r.ID, r.JSON)
		if len(b) > 100_000 {
			answers[fmt.Sprintf("/Observation?_count=%d", len(answers)+1)] = append(b, "]}"...)
			b = nil
		}
		if len(answers) == 20 {
			break
		}
	}
	return answers
}

// benchUpstream serves answers by path and query.
func benchUpstream(b *testing.B, answers map[string][]byte, manner string) string {
	b.Helper()
	if manner == "/gzip" {
		packed := map[string][]byte{}
		for path, body := range answers {
			var buf bytes.Buffer
			z := gzip.NewWriter(&buf)
			if _, err := z.Write(body); err != nil {
				b.Fatal(err)
			}
			if err := z.Close(); err != nil {
				b.Fatal(err)
			}
			packed[path] = buf.Bytes()
		}
		answers = packed
	}
	return "http://" + benchServe(b, func(ctx *fasthttp.RequestCtx) {
		body, ok := answers[string(ctx.RequestURI())]
		if !ok {
			ctx.SetStatusCode(404)
			return
		}
		ctx.SetContentType("application/fhir+json")
		switch manner {
		case "/5ms":
			time.Sleep(5 * time.Millisecond)
		case "/gzip":
			ctx.Response.Header.SetContentEncoding("gzip")
		}
		ctx.Response.SetBodyRaw(body)
	})
}

func benchServe(b *testing.B, h fasthttp.RequestHandler) string {
	b.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	s := &fasthttp.Server{Handler: h, CloseOnShutdown: true}
	go func() { _ = s.Serve(l) }()
	b.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = s.ShutdownWithContext(ctx) // idle connections of other cases may be left
	})
	return l.Addr().String()
}

// dropped is a Sink that keeps nothing.
type dropped struct{}

func (dropped) Append(context.Context, *mask.Record) error { return nil }

// unmasked is serve without guard, masking and record.
func (s *Server) unmasked(ctx *fasthttp.RequestCtx) {
	x := s.begin(ctx)
	defer x.recover(ctx)
	if p := parse.Framing(&ctx.Request.Header); p != nil {
		panic(p.Text)
	}
	t, err := parse.TargetOf(string(ctx.Request.Header.RequestURI()), s.path)
	if err != nil {
		panic(err)
	}
	if p := (&media.Format{}).Negotiate(&t, string(ctx.Request.Header.Peek("Accept"))); p != nil {
		panic(p.Text)
	}
	if p := s.enter(); p != nil {
		panic(p.Text)
	}
	defer s.leave()
	a, p := s.up.Get(parse.AppendQuery([]byte("/"+strings.Join(t.Segments, "/")), t.Params), s.limits.UpstreamTimeout, trace.Span{})
	if p != nil {
		panic(p.Text)
	}
	defer a.Release()
	if p := a.Check(); p != nil {
		panic(p.Text)
	}
	ctx.SetContentType(media.JSON)
	ctx.SetBody(a.Body)
}

// clientsOf is how many requests are under way at once.
func clientsOf(manner string) int {
	if manner == "/64clients" {
		return 64
	}
	return benchClients
}

func benchListener(b *testing.B, up, kind string, clients int, answers map[string][]byte) {
	var sink mask.Sink = dropped{}
	if kind == "masked+audit" {
		log, err := audit.Open(b.TempDir(), audit.Options{})
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { _ = log.Close() })
		sink = log
	}
	a := safeHarbor(b)
	listener, err := New(Config{Upstream: up, UpstreamAliases: []string{fhirtest.Base}, BaseURL: "http://listener.example/fhir", Policy: policyOf(b, a, ""), Sink: sink})
	if err != nil {
		b.Fatal(err)
	}
	if kind == "unmasked" {
		listener.http = listener.server(listener.unmasked)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go func() { _ = listener.Serve(l) }()
	var urls []string
	var bytesOfAll int64
	for path, body := range answers {
		bytesOfAll += int64(len(body))
		if typ, id, ok := strings.Cut(path[1:], "/"); ok && kind != "unmasked" {
			path = "/" + typ + "/" + pseudonym(b, a, typ, id)
		}
		urls = append(urls, "http://"+l.Addr().String()+"/fhir"+path)
	}
	slices.Sort(urls)
	client := &fasthttp.HostClient{Addr: l.Addr().String(), MaxConns: clients, MaxResponseBodySize: 1 << 24}
	ask := func(i int) {
		req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
		req.SetRequestURI(urls[i%len(urls)])
		if err := client.Do(req, resp); err != nil || resp.StatusCode() != 200 {
			b.Errorf("status %d, %v: %.200s", resp.StatusCode(), err, resp.Body())
		}
		fasthttp.ReleaseRequest(req)
		fasthttp.ReleaseResponse(resp)
	}
	for i := range 4 * len(urls) {
		ask(i)
	}
	b.SetBytes(bytesOfAll / int64(len(urls)))
	requests(b, clients, ask)
	client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := listener.Shutdown(ctx); err != nil {
		b.Fatal(err)
	}
}

// requests has the clients send b.N requests between them, ask(i) for each, and reports
// their rate and the times that they took.
func requests(b *testing.B, clients int, ask func(i int)) (rate float64) {
	times := make([][]time.Duration, clients)
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for c := range clients {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				i := int(next.Add(1)) - 1
				if i >= b.N {
					return
				}
				begun := time.Now()
				ask(i)
				times[c] = append(times[c], time.Since(begun))
			}
		}()
	}
	wg.Wait()
	b.StopTimer()
	all := slices.Concat(times...)
	slices.Sort(all)
	rate = float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(rate, "req/s")
	b.ReportMetric(float64(all[len(all)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
	return rate
}
