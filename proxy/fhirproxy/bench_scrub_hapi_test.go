package fhirproxy

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/veil-proxy/veil/internal/hapitest"
)

// The types of the documents: each client reads those of one type, page by page.
var noteTypes = []string{"11506-3", "18842-5", "34117-2", "11488-4", "28570-0", "34133-9", "57133-1", "34109-9", "51847-2"}

// notePages is how many pages of 20 documents each type has.
const notePages = 25

// BenchmarkScrubbedPageOverHAPI reads pages of 20 DocumentReferences with notes of 4 KB as
// a user does: from a real HAPI FHIR server, page after page by the links, one client and
// eight at once. It reports the median of a page in milliseconds: without Veil, with the
// notes removed, scrubbed for the first time and scrubbed again. Each page is read in all ways in turn, so
// that what else the machine does changes all of them.
func BenchmarkScrubbedPageOverHAPI(b *testing.B) {
	hapi := hapitest.Start(b)
	loadNotes(b, hapi)
	for _, clients := range []int{1, 8} {
		types := noteTypes[:1]
		if clients > 1 {
			types = noteTypes[1 : 1+clients]
		}
		b.Run(fmt.Sprintf("%dclients", clients), func(b *testing.B) {
			removed, scrubbed := startListener(b, "masked+audit", hapi.URL), startListener(b, "scrubbed+audit", hapi.URL)
			ways := []way{{"direct", hapi.URL, true}, {"removed", removed.base, false}, {"new", scrubbed.base, true}, {"again", scrubbed.base, true}}
			times := readNotes(b, types, ways)
			for i, w := range ways {
				b.ReportMetric(float64(times[i].Microseconds())/1000, w.name+"-ms")
			}
			b.ReportMetric(float64(times[2])/float64(times[1]), "new/removed")
			b.ReportMetric(float64(times[3])/float64(times[1]), "again/removed")
		})
	}
}

// way is a way to read a page: from where, and whether with notes.
type way struct {
	name, base string
	notes      bool
}

// readNotes reads all pages of each type, a client for each, each page in all ways in turn,
// and returns the median time of a page for each way. The first page of a type, for which
// HAPI searches and the listeners fetch the patient, does not count.
func readNotes(b *testing.B, types []string, ways []way) []time.Duration {
	b.Helper()
	var mu sync.Mutex
	all := make([][]time.Duration, len(ways))
	var wg sync.WaitGroup
	for _, code := range types {
		wg.Go(func() {
			urls := make([]string, len(ways))
			for i, w := range ways {
				urls[i] = w.base + "/DocumentReference?_count=20&type=" + code
			}
			for page := range notePages {
				for i, w := range ways {
					begun := time.Now()
					body, err := fetch(urls[i])
					took := time.Since(begun)
					if urls[i], err = nextPage(body, err, w.notes); err != nil {
						b.Errorf("page %d of %s, %s: %v", page, code, w.name, err)
						return
					}
					if page > 0 {
						mu.Lock()
						all[i] = append(all[i], took)
						mu.Unlock()
					}
				}
			}
		})
	}
	wg.Wait()
	medians := make([]time.Duration, len(ways))
	for i := range all {
		if len(all[i]) == 0 {
			b.FailNow()
		}
		slices.Sort(all[i])
		medians[i] = all[i][len(all[i])/2]
	}
	return medians
}

// nextPage returns the link to the page that follows one with 20 documents, with their
// notes or without.
func nextPage(body []byte, err error, notes bool) (string, error) {
	if err != nil {
		return "", err
	}
	var bundle struct {
		Link  []struct{ Relation, URL string }
		Entry []json.RawMessage
	}
	if err := json.Unmarshal(body, &bundle); err != nil {
		return "", err
	}
	if len(bundle.Entry) != 20 || strings.Contains(string(body), `"data"`) != notes {
		return "", fmt.Errorf("%d documents in %.300s", len(bundle.Entry), body)
	}
	for _, l := range bundle.Link {
		if l.Relation == "next" {
			return l.URL, nil
		}
	}
	return "", nil
}

func fetch(url string) ([]byte, error) {
	resp, err := http.Get(url)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return io.ReadAll(resp.Body)
}

// loadNotes loads the documents, each with a note of its own, of one patient a type.
func loadNotes(b *testing.B, hapi *hapitest.Server) {
	b.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	for i, code := range noteTypes {
		patient := fmt.Sprintf("notes%d", i)
		bundle := fmt.Appendf(nil, `{"resourceType":"Bundle","type":"transaction","entry":[{"resource":{"resourceType":"Patient","id":"%s","name":[{"family":"Quarrington","given":["Ottoline"]}],"birthDate":"1950-03-04"},"request":{"method":"PUT","url":"Patient/%s"}}`, patient, patient)
		for n := range 20 * notePages {
			id := fmt.Sprintf("%s-%d", patient, n)
			note := base64.StdEncoding.EncodeToString(inventedNote(rng, []byte("On page "+id+" ")))
			bundle = fmt.Appendf(bundle, `,{"resource":{"resourceType":"DocumentReference","id":"%s","status":"current","type":{"coding":[{"system":"http://loinc.org","code":"%s"}]},"subject":{"reference":"Patient/%s"},"content":[{"attachment":{"contentType":"text/plain","data":"%s"}}]},"request":{"method":"PUT","url":"DocumentReference/%s"}}`, id, code, patient, note, id)
		}
		if err := hapi.Transaction(append(bundle, "]}"...)); err != nil {
			b.Fatal(err)
		}
	}
}
