package fhirproxy

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/veil-proxy/veil/fhir/fhirxml"
	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/proxy/fhirproxy/media"
)

// BenchmarkProxy measures search pages through the listener beside nginx's proxy_pass
// and beside the listener with masking off, each a process of its own, before the
// same upstream, which answers from memory and shares two processors with them.
// x-nginx is the throughput as a part of nginx's in the same run, cpu-µs the
// processor time that the proxy's process took for a request.
//
//	nginx           moves bytes, and knows nothing of them
//	unmasked        the listener without guard, masking and record
//	masked          the listener, with records that are dropped
//	masked+audit    the listener, with a log on disk that is synced before each answer
//	masked+watched  the same, with metrics, traces and an index of the log
//
// masked+audit+metrics, +traces and +index have one of these.
//
// In XML the upstream answers nginx with XML; the listener asks it for JSON, masks
// that and writes XML.
func BenchmarkProxy(b *testing.B) {
	pop := fhirtest.Generate(3, 60)
	for _, page := range []struct {
		name    string
		entries int
		accept  string
	}{
		{"1", 1, media.JSON}, {"20", 20, media.JSON}, {"200", 200, media.JSON}, {"20xml", 20, "application/fhir+xml"},
	} {
		pages := searchPages(pop, page.entries)
		up := pageUpstream(b, pages)
		nginx := 0.0
		for _, kind := range []string{"nginx", "unmasked", "masked", "masked+audit", "masked+audit+metrics", "masked+audit+traces", "masked+audit+index", "masked+watched"} {
			if kind == "unmasked" && page.accept != media.JSON {
				continue // it writes no XML
			}
			b.Run(page.name+"/"+kind, func(b *testing.B) {
				rate := benchProxy(b, startProxy(b, kind, up), pages, page.accept)
				if kind == "nginx" {
					nginx = rate
				} else if nginx > 0 {
					b.ReportMetric(rate/nginx, "x-nginx")
				}
			})
		}
	}
}

// searchPages are searchset Bundles of so many entries, by their paths.
func searchPages(pop *fhirtest.Population, entries int) map[string][]byte {
	const most = 100
	pages := map[string][]byte{}
	var b []byte
	n := 0
	for _, r := range pop.Resources() {
		if !delivered(r.Type) {
			continue
		}
		if n == 0 {
			b = []byte(`{"resourceType":"Bundle","type":"searchset","entry":[`)
		} else {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, `{"fullUrl":"%s/%s/%s","resource":%s,"search":{"mode":"match"}}`, fhirtest.Base, r.Type, r.ID, r.JSON)
		if n++; n == entries {
			pages[fmt.Sprintf("/Observation?_count=%d", len(pages)+1)] = append(b, "]}"...)
			n = 0
		}
		if len(pages) == most {
			break
		}
	}
	return pages
}

// pageUpstream serves pages in JSON, or in XML to who asks for that.
func pageUpstream(b *testing.B, pages map[string][]byte) string {
	b.Helper()
	xml := map[string][]byte{}
	for path, page := range pages {
		text, err := fhirxml.AppendXML(schema.R4(), nil, page)
		if err != nil {
			b.Fatal(err)
		}
		xml[path] = text
	}
	return "http://" + benchServe(b, func(ctx *fasthttp.RequestCtx) {
		// nginx is given the listener's paths.
		path := strings.TrimPrefix(string(ctx.RequestURI()), "/fhir")
		body, typ := pages[path], media.JSON
		if string(ctx.Request.Header.Peek("Accept")) == "application/fhir+xml" {
			body, typ = xml[path], "application/fhir+xml"
		}
		if body == nil {
			ctx.SetStatusCode(404)
			return
		}
		ctx.SetContentType(typ)
		ctx.Response.SetBodyRaw(body)
	})
}

// benchProxy asks for pages with benchClients at once, and returns the requests a
// second.
func benchProxy(b *testing.B, p *process, pages map[string][]byte, accept string) float64 {
	var urls []string
	total := 0
	for path, page := range pages {
		urls = append(urls, p.base+path)
		total += len(page)
	}
	slices.Sort(urls)
	client := &fasthttp.HostClient{Addr: p.addr, MaxConns: benchClients, MaxResponseBodySize: 1 << 26}
	ask := func(i int) {
		req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
		req.SetRequestURI(urls[i%len(urls)])
		req.Header.Set("Accept", accept)
		if err := client.Do(req, resp); err != nil || resp.StatusCode() != 200 || !strings.HasPrefix(string(resp.Header.ContentType()), accept) {
			b.Errorf("status %d, %v: %.200s", resp.StatusCode(), err, resp.Body())
		}
		fasthttp.ReleaseRequest(req)
		fasthttp.ReleaseResponse(resp)
	}
	for i := range 4 * len(urls) {
		ask(i)
	}
	b.SetBytes(int64(total / len(urls)))
	cpu := p.cpu(b)
	rate := requests(b, benchClients, ask)
	cpu = p.cpu(b) - cpu
	client.CloseIdleConnections()
	b.ReportMetric(float64(cpu.Microseconds())/float64(b.N), "cpu-µs")
	return rate
}
