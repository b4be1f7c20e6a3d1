// Package recognizer requests the identifiers in a text from an external recognizer,
// through the HTTP interface of Presidio's analyzer, which others implement too:
//
//	POST URL  {"text": "...", "language": "en"}
//	200 OK    [{"start": 0, "end": 3, "score": 0.85, "entity_type": "PERSON"}]
//
// Offsets count Unicode code points. The caller merges the spans with those of a
// text.Scanner. If there is no valid response in time, Find returns an error, and the
// caller must remove the text. The recognizer sees original values: run it within the same
// trust boundary as Veil.
package recognizer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
	"unicode/utf8"

	"github.com/veil-proxy/veil/text"
)

// Client calls one recognizer. It is safe for concurrent use.
type Client struct {
	url      string
	language string
	minScore float64
	http     *http.Client
}

// Options are the options of a Client.
type Options struct {
	// URL of the analyzer, such as http://localhost:5002/analyze.
	URL string
	// Language of the texts; "en" if empty.
	Language string
	// MinScore is the minimum score of spans that count.
	MinScore float64
	// Timeout of one text; DefaultTimeout if zero.
	Timeout time.Duration
	// AtOnce is the maximum number of concurrent requests. The client does not enforce it; its
	// callers do.
	AtOnce int
}

// DefaultTimeout is the timeout of a recognizer for one text.
const DefaultTimeout = 10 * time.Second

// maxAnswer is the maximum length of a response.
const maxAnswer = 16 << 20

// New returns a client.
func New(o Options) (*Client, error) {
	u, err := url.Parse(o.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, errors.New("the URL of the recognizer is not an http or https URL")
	}
	if o.Language == "" {
		o.Language = "en"
	}
	if o.Timeout == 0 {
		o.Timeout = DefaultTimeout
	}
	refuse := func(*http.Request, []*http.Request) error { return errors.New("redirected") }
	return &Client{url: o.URL, language: o.Language, minScore: o.MinScore, http: &http.Client{Timeout: o.Timeout, CheckRedirect: refuse}}, nil
}

// finding is one result of the recognizer.
type finding struct {
	Start *int    `json:"start"`
	End   *int    `json:"end"`
	Score float64 `json:"score"`
	Type  string  `json:"entity_type"`
}

// Find returns the spans of a text. An error contains no part of the text.
func (c *Client) Find(ctx context.Context, plain []byte) ([]text.Span, error) {
	if !utf8.Valid(plain) {
		return nil, errors.New("the text is not valid UTF-8")
	}
	body, err := json.Marshal(map[string]string{"text": string(plain), "language": c.language})
	if err != nil {
		return nil, errors.New("the text cannot be sent to the recognizer")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("the URL of the recognizer is not valid")
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := c.http.Do(request)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) || isTimeout(err) {
			return nil, errors.New("the recognizer did not respond in time")
		}
		return nil, errors.New("the recognizer cannot be reached")
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the recognizer responded with status %d", response.StatusCode)
	}
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	if err != nil || len(answer) > maxAnswer {
		return nil, errors.New("the response of the recognizer cannot be read")
	}
	return c.spans(plain, answer)
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// spans reads a response. Offsets outside the text make it invalid.
func (c *Client) spans(plain, answer []byte) ([]text.Span, error) {
	var found []finding
	if err := json.Unmarshal(answer, &found); err != nil || found == nil {
		return nil, errors.New("the response of the recognizer is not a list of findings")
	}
	// offsets[i] is the byte offset of code point i.
	offsets := make([]int, 0, len(plain)+1)
	for i := range string(plain) {
		offsets = append(offsets, i)
	}
	offsets = append(offsets, len(plain))
	spans := make([]text.Span, 0, len(found))
	for _, f := range found {
		if f.Start == nil || f.End == nil || *f.Start < 0 || *f.Start >= *f.End || *f.End >= len(offsets) {
			return nil, errors.New("the response of the recognizer has offsets that are not in the text")
		}
		if f.Score < c.minScore {
			continue
		}
		spans = append(spans, text.Span{Start: offsets[*f.Start], End: offsets[*f.End], Label: labelOf(f.Type), Rule: "external"})
	}
	return text.Union(nil, spans), nil
}

// labels maps Presidio's entity types to labels; others are OTHER.
var labels = map[string]text.Label{
	"PERSON": text.Name, "LOCATION": text.Location, "GPE": text.Location, "ADDRESS": text.Location, "DATE_TIME": text.Date,
	"DATE": text.Date, "AGE": text.Age, "PHONE_NUMBER": text.Phone, "EMAIL_ADDRESS": text.Email, "URL": text.URL, "IP_ADDRESS": text.IP,
	"ORGANIZATION": text.Org, "ORG": text.Org, "PROFESSION": text.Profession, "US_SSN": text.ID, "US_ITIN": text.ID, "US_PASSPORT": text.ID,
	"US_DRIVER_LICENSE": text.ID, "US_BANK_NUMBER": text.ID, "CREDIT_CARD": text.ID, "IBAN_CODE": text.ID, "CRYPTO": text.ID,
	"MEDICAL_LICENSE": text.ID, "UK_NHS": text.ID, "ES_NIF": text.ID, "ID": text.ID, "NAME": text.Name, "PHONE": text.Phone, "EMAIL": text.Email,
}

func labelOf(entity string) text.Label {
	if l, ok := labels[entity]; ok {
		return l
	}
	return text.Other
}
