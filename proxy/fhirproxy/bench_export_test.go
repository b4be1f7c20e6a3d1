package fhirproxy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/fhirtest"
)

// exportUpstream is a FHIR server with one bulk export, of Observations: files of
// whatever size their names say.
type exportUpstream struct {
	*httptest.Server
	block []byte // whole lines
	// began is when the first byte of the last file left, in Unix nanoseconds.
	began atomic.Int64
}

func newExportUpstream(b *testing.B, sizes ...int64) *exportUpstream {
	b.Helper()
	u := &exportUpstream{}
	var lines bytes.Buffer
	if err := fhirtest.Generate(3, 200).WriteNDJSON(&lines, "Observation"); err != nil {
		b.Fatal(err)
	}
	u.block = lines.Bytes()
	u.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// nginx is given the upstream's own paths, the listener adds a base to none.
		switch name := strings.TrimPrefix(r.URL.Path, "/files/"); {
		case r.URL.Path == "/$export":
			w.Header().Set("Content-Location", u.URL+"/status")
			w.WriteHeader(http.StatusAccepted)
		case r.URL.Path == "/status":
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprintf(w, `{"transactionTime":"2026-01-01T00:00:00Z","request":"%s/$export","requiresAccessToken":false,"error":[],"output":[`, u.URL)
			for i, size := range sizes {
				fmt.Fprintf(w, `%s{"type":"Observation","url":"%s/files/%d"}`, strings.Repeat(",", min(i, 1)), u.URL, size)
			}
			io.WriteString(w, "]}")
		case name != r.URL.Path:
			size, err := strconv.ParseInt(name, 10, 64)
			if err != nil {
				http.NotFound(w, r)
				return
			}
			u.send(w, size)
		default:
			http.NotFound(w, r)
		}
	}))
	b.Cleanup(u.Close)
	return u
}

// send writes whole lines until it has written a size.
func (u *exportUpstream) send(w http.ResponseWriter, size int64) {
	w.Header().Set("Content-Type", ndjson)
	u.began.Store(time.Now().UnixNano())
	for sent := int64(0); sent < size; {
		n := len(u.block)
		if left := size - sent; left < int64(n) {
			n = bytes.IndexByte(u.block[left:], '\n') + int(left) + 1
		}
		m, err := w.Write(u.block[:n])
		if err != nil {
			return
		}
		sent += int64(m)
	}
}

// files are the URLs of an export's files through a proxy.
func (u *exportUpstream) files(b *testing.B, kind string, p *process, sizes []int64) []string {
	b.Helper()
	var urls []string
	if kind == "nginx" {
		for _, size := range sizes {
			urls = append(urls, fmt.Sprintf("%s/files/%d", p.base, size))
		}
		return urls
	}
	req, err := http.NewRequest(http.MethodGet, p.base+"/$export", nil)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Prefer", "respond-async")
	kick, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	kick.Body.Close()
	status, err := http.Get(kick.Header.Get("Content-Location"))
	if err != nil {
		b.Fatal(err)
	}
	defer status.Body.Close()
	var manifest struct{ Output []struct{ URL string } }
	if err := json.NewDecoder(status.Body).Decode(&manifest); err != nil || len(manifest.Output) != len(sizes) {
		b.Fatalf("manifest: status %s, %v, %d files", status.Status, err, len(manifest.Output))
	}
	for _, o := range manifest.Output {
		urls = append(urls, o.URL)
	}
	return urls
}

// plainClient takes what comes, uncompressed, so that what is measured is the
// proxy.
var plainClient = &http.Client{Transport: &http.Transport{DisableCompression: true}}

// fetch reads a file, and returns how long after the upstream's first byte its
// first byte came.
func (u *exportUpstream) fetch(b *testing.B, url string) (first time.Duration, size int64) {
	b.Helper()
	req, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set("Accept", ndjson)
	resp, err := plainClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(resp.Body)
		b.Fatalf("status %s: %.300s", resp.Status, text)
	}
	one := make([]byte, 1)
	if _, err := io.ReadFull(resp.Body, one); err != nil {
		b.Fatal(err)
	}
	first = time.Duration(time.Now().UnixNano() - u.began.Load())
	n, err := io.Copy(io.Discard, resp.Body)
	if err != nil {
		b.Fatal(err)
	}
	return first, n + 1
}

const (
	exportSize = 100 << 20
	smallSize  = 10 << 20
	largeSize  = 1 << 30
	// warmUp is how many files of exportSize a listener has sent before its memory
	// is measured: the collector's pace settles, and what walkers remember has
	// its size.
	warmUp = 5
)

// BenchmarkExport measures a file of 100 MiB of a bulk export, NDJSON, through
// the listener beside nginx's proxy_pass: how long after the upstream's first byte
// the first one comes (median and most), and how fast the rest. Memory is the
// most that the listener's process holds while it sends a file of 10 MiB and one of
// 1 GiB, when it has been up for a while, and the one as a part of the other.
func BenchmarkExport(b *testing.B) {
	sizes := []int64{exportSize, smallSize, largeSize}
	up := newExportUpstream(b, sizes...)
	nginx := 0.0
	for _, kind := range []string{"nginx", "masked", "masked+audit"} {
		b.Run("100MB/"+kind, func(b *testing.B) {
			p := startProxy(b, kind, up.URL)
			url := up.files(b, kind, p, sizes)[0]
			up.fetch(b, url)
			var firsts []time.Duration
			cpu := p.cpu(b)
			b.SetBytes(exportSize)
			b.ResetTimer()
			for range b.N {
				first, _ := up.fetch(b, url)
				firsts = append(firsts, first)
			}
			b.StopTimer()
			cpu = p.cpu(b) - cpu
			slices.Sort(firsts)
			rate := float64(b.N) / b.Elapsed().Seconds()
			b.ReportMetric(float64(firsts[len(firsts)/2].Microseconds())/1000, "first-ms")
			b.ReportMetric(float64(firsts[len(firsts)-1].Microseconds())/1000, "first-most-ms")
			b.ReportMetric(float64(cpu.Milliseconds())/float64(b.N), "cpu-ms")
			if kind == "nginx" {
				nginx = rate
			} else if nginx > 0 {
				b.ReportMetric(rate/nginx, "x-nginx")
			}
		})
	}
	b.Run("memory/masked+audit", func(b *testing.B) {
		p := startListener(b, "masked+audit", up.URL)
		urls := up.files(b, "masked+audit", p, sizes)
		for range warmUp {
			up.fetch(b, urls[0])
		}
		peak := func(url string) float64 {
			p.forgetPeak(b)
			up.fetch(b, url)
			return p.peak(b)
		}
		small, large := peak(urls[1]), 0.0
		b.SetBytes(largeSize)
		b.ResetTimer()
		for range b.N {
			large = max(large, peak(urls[2]))
		}
		b.StopTimer()
		b.ReportMetric(small/(1<<20), "MiB-10MB")
		b.ReportMetric(large/(1<<20), "MiB-1GB")
		b.ReportMetric(large/small, "x-memory")
	})
}
