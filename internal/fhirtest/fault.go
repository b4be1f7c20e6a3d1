package fhirtest

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Marker is the family name in what the servers of Faults send. It must not reach a
// client of a proxy in front of one.
const Marker = "Zyxquillian"

// faultyPatient is a Patient with the Marker in it.
const faultyPatient = `{"resourceType":"Patient","id":"zq-1","name":[{"family":"` + Marker +
	`","given":["Marjorie"]}],"gender":"female","birthDate":"1951-07-23"}`

// Sizes of the large responses.
const (
	FaultDepth  = 10_000      // levels of nesting
	FaultString = 100_000_000 // bytes of one string, at least
	FaultBomb   = 10 << 30    // bytes that a small gzip body unpacks to
)

const fhirJSON = "application/fhir+json"

// Fault is a server that misbehaves in one way, whatever is requested. Its handler ends
// when the client is gone.
type Fault struct {
	Name string
	// Masks says that the response is FHIR nevertheless, so it must be masked and
	// delivered, not refused.
	Masks   bool
	Handler http.Handler
}

// Faults returns all misbehaving servers.
func Faults() []Fault {
	var list []Fault
	list = append(list, connectionFaults()...)
	list = append(list, answerFaults()...)
	list = append(list, jsonFaults()...)
	return append(list, sizeFaults()...)
}

// answerFaults send something other than the resource.
func answerFaults() []Fault {
	const outcome = `{"resourceType":"OperationOutcome","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">` + Marker + `</div>"},"issue":[{"severity":"error","code":"invalid","details":{"text":"no patient ` + Marker + `"},"diagnostics":"duplicate of ` + Marker + `, born 1951-07-23","location":["Patient.name[0] = ` + Marker + `"],"expression":["Patient.name.where(family='` + Marker + `')"]}]}`
	const page = `<!DOCTYPE html><html><head><title>500</title></head><body><h1>Error</h1><pre>NullPointerException: patient ` + Marker + `, Marjorie
	at org.example.PatientDao.read(PatientDao.java:42)</pre></body></html>`
	const pdf = "%PDF-1.4\n1 0 obj <</Title (" + Marker + ")>> endobj\ntrailer <</Root 1 0 R>>\n%%EOF\n"
	dicom := strings.Repeat("\x00", 128) + "DICM\x10\x00\x10\x00PN\x0c\x00" + Marker + " "
	list := []Fault{
		{Name: "html error", Handler: answer(500, "text/html; charset=utf-8", page)},
		{Name: "html with status 200", Handler: answer(200, "text/html", page)},
		{Name: "html under a FHIR type", Handler: answer(200, fhirJSON, page)},
		{Name: "outcome with values", Handler: answer(422, fhirJSON, outcome)},
		{Name: "outcome with status 200", Handler: answer(200, fhirJSON, outcome)},
		{Name: "resource with status 500", Handler: answer(500, fhirJSON, faultyPatient)},
		{Name: "resource with status 404", Handler: answer(404, fhirJSON, faultyPatient)},
		{Name: "status 204 with headers", Handler: answer(204, fhirJSON, "")},
		{Name: "empty body", Handler: answer(200, fhirJSON, "")},
		{Name: "pdf", Handler: answer(200, "application/pdf", pdf)},
		{Name: "pdf under a FHIR type", Handler: answer(200, fhirJSON, pdf)},
		{Name: "dicom", Handler: answer(200, "application/dicom", dicom)},
		{Name: "multipart", Handler: answer(200, `multipart/mixed; boundary="b"`, "--b\r\nContent-Type: "+fhirJSON+"\r\n\r\n"+faultyPatient+"\r\n--b--\r\n")},
		{Name: "json that is not FHIR", Handler: answer(200, "application/json", `{"patient":"`+Marker+`","rows":[["`+Marker+`"]]}`)},
		{Name: "json array", Handler: answer(200, fhirJSON, "["+faultyPatient+"]")},
		{Name: "json string", Handler: answer(200, fhirJSON, `"`+Marker+`"`)},
		{Name: "xml under a JSON type", Handler: answer(200, fhirJSON, `<Patient xmlns="http://hl7.org/fhir"><name><family value="`+Marker+`"/></name></Patient>`)},
		{Name: "redirect", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/fhir/Patient?name="+Marker)
			answerBody(w, http.StatusFound, "text/plain", "moved to "+Marker)
		})},
	}
	for _, kind := range []string{"text/plain", "application/octet-stream", "application/fhir+xml", "text/json; name=" + Marker, "nonsense"} {
		name, _, _ := strings.Cut(kind, ";")
		list = append(list, Fault{Name: "resource as " + name, Handler: answer(200, kind, faultyPatient)})
	}
	return append(list, Fault{Name: "resource of no type", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = nil // keeps net/http from guessing one
		_, _ = w.Write([]byte(faultyPatient))
	})})
}

// jsonFaults send JSON, or nearly JSON, that is easily read wrongly.
func jsonFaults() []Fault {
	const name = `"name":[{"family":"` + Marker + `"}]`
	of := func(body string) http.Handler { return answer(200, fhirJSON, body) }
	return []Fault{
		{Name: "truncated", Handler: of(faultyPatient[:len(faultyPatient)-20])},
		{Name: "truncated in a string", Handler: of(faultyPatient[:strings.Index(faultyPatient, Marker)+len(Marker)])},
		{Name: "second document", Handler: of(faultyPatient + "\n" + faultyPatient)},
		{Name: "text after the document", Handler: of(faultyPatient + " and " + Marker)},
		{Name: "duplicate key", Handler: of(`{"resourceType":"Patient","id":"zq-1",` + name + `,` + name + `}`)},
		{Name: "duplicate escaped key", Handler: of(`{"resourceType":"Patient","id":"zq-1",` + name + `,"n\u0061me":[{"family":"` + Marker + `"}]}`)},
		{Name: "resourceType twice", Handler: of(`{"resourceType":"Patient","id":"zq-1",` + name + `,"resourceType":"Basic"}`)},
		{Name: "resourceType last", Masks: true, Handler: of(`{"id":"zq-1",` + name + `,"gender":"female","resourceType":"Patient"}`)},
		{Name: "escaped keys", Masks: true, Handler: of(`{"resourceTyp\u0065":"Patient","id":"zq-1","na\u006de":[{"famil\u0079":"` + Marker + `"}],"gender":"female"}`)},
		{Name: "byte order mark", Masks: true, Handler: of("\ufeff" + faultyPatient)},
		{Name: "no resourceType", Handler: of(`{"id":"zq-1",` + name + `}`)},
		{Name: "unknown resourceType", Handler: of(`{"resourceType":"` + Marker + `","id":"zq-1",` + name + `}`)},
		{Name: "resourceType of another kind", Handler: of(`{"resourceType":["Patient"],"id":"zq-1",` + name + `}`)},
		{Name: "object where text belongs", Masks: true, Handler: of(`{"resourceType":"Patient","id":"zq-1","gender":{"family":"` + Marker + `"},"birthDate":["` + Marker + `"]}`)},
		{Name: "unknown elements", Masks: true, Handler: of(`{"resourceType":"Patient","id":"zq-1","gender":"female","` + Marker + `":1,"nickname":"` + Marker + `"}`)},
		{Name: "invalid UTF-8", Handler: of(strings.Replace(faultyPatient, Marker, Marker+"\xc3\x28\xff", 1))},
		{Name: "UTF-16", Handler: of(utf16(faultyPatient))},
		{Name: "control characters", Handler: of(strings.Replace(faultyPatient, Marker, Marker+"\x00\n", 1))},
		{Name: "lone surrogate", Handler: of(strings.Replace(faultyPatient, Marker, Marker+`\ud800`, 1))},
		{Name: "comment", Handler: of("/* " + Marker + " */" + faultyPatient)},
		{Name: "trailing comma", Handler: of(strings.TrimSuffix(faultyPatient, "}") + ",}")},
	}
}

// utf16 is ASCII text in UTF-16, big end first.
func utf16(s string) string {
	var b strings.Builder
	b.WriteString("\xfe\xff")
	for i := range len(s) {
		b.WriteByte(0)
		b.WriteByte(s[i])
	}
	return b.String()
}

// answer is a handler with one answer.
func answer(status int, contentType, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answerBody(w, status, contentType, body) })
}

func answerBody(w http.ResponseWriter, status int, contentType, body string) {
	w.Header().Set("Content-Type", contentType)
	if status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	}
	w.Header().Set("X-Patient", Marker)
	w.Header().Set("ETag", `W/"`+Marker+`"`)
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body)) // the client may be gone
}

// connectionFaults begin an answer and do not end it as they should.
func connectionFaults() []Fault {
	half := func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", fhirJSON)
		w.Header().Set("Content-Length", strconv.Itoa(len(faultyPatient)))
		_, _ = w.Write([]byte(faultyPatient[:len(faultyPatient)/2]))
		flush(w)
	}
	return []Fault{
		{Name: "hangs", Handler: http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
		})},
		{Name: "hangs half way", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			half(w)
			<-r.Context().Done()
		})},
		{Name: "closes at once", Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		})},
		{Name: "closes half way", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			half(w)
			panic(http.ErrAbortHandler)
		})},
		{Name: "closes half way through chunks", Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", fhirJSON)
			_, _ = w.Write([]byte(`{"resourceType":"Bundle","type":"searchset","entry":[{"resource":` + faultyPatient + `},{"resource":` + faultyPatient[:60]))
			flush(w)
			panic(http.ErrAbortHandler)
		})},
		{Name: "one byte a second", Handler: Drip(faultyPatient, time.Second)},
	}
}

// Drip sends a body byte by byte with a pause after each, as FHIR JSON.
func Drip(body string, pause time.Duration) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", fhirJSON)
		tick := time.NewTicker(pause)
		defer tick.Stop()
		for i := range len(body) {
			if _, err := fmt.Fprintf(w, "%c", body[i]); err != nil {
				return
			}
			flush(w)
			select {
			case <-tick.C:
			case <-r.Context().Done():
				return
			}
		}
	})
}

func flush(w http.ResponseWriter) {
	// A client that is gone shows at the next write.
	_ = http.NewResponseController(w).Flush()
}
