package darts

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"time"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"
	"github.com/valyala/fasthttp"

	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/signin"
)

// AuditServer is a FHIR server that receives events.
type AuditServer struct {
	URL         string
	TLS         *tls.Config        // nil: that of the system
	Credentials signin.Credentials // nil: none
}

// sendTimeout bounds the time to send the events of a request.
const sendTimeout = 10 * time.Second

// sender sends events.
type sender struct {
	*AuditServer
	client *fasthttp.Client
}

func newSender(s *AuditServer) (*sender, error) {
	if s.URL == "" {
		return nil, errors.New("the audit server has no URL")
	}
	return &sender{s, &fasthttp.Client{
		Name: "veil", TLSConfig: s.TLS, DisablePathNormalizing: true, MaxResponseBodySize: 16 << 20, // one entry for each event
		ReadTimeout: sendTimeout, WriteTimeout: sendTimeout,
		RetryIfErr: func(*fasthttp.Request, int, error) (reset, retry bool) { return false, false }, // events are sent once
	}}, nil
}

// send sends a transaction. The error says, in fixed words, why the server did not accept
// it.
func (s *sender) send(ctx context.Context, transaction models.Bundle) error {
	text, err := json.Marshal(transaction)
	if err != nil {
		return errors.New("the events could not be written")
	}
	for attempt := 0; ; attempt++ {
		status, err := s.once(ctx, text)
		switch {
		case err != nil:
			return err
		case status == fasthttp.StatusUnauthorized && attempt == 0 && s.Credentials != nil:
			s.Credentials.Refused() // a token may have expired
		case status != fasthttp.StatusOK:
			return errors.New("status " + strconv.Itoa(status))
		default:
			return nil
		}
	}
}

func (s *sender) once(ctx context.Context, text []byte) (status int, err error) {
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(resp)
	req.SetRequestURI(strings.TrimSuffix(s.URL, "/"))
	req.Header.SetMethod(fasthttp.MethodPost)
	req.Header.SetContentType("application/fhir+json")
	req.Header.Set("Accept", "application/fhir+json")
	req.SetBodyRaw(text)
	if s.Credentials != nil {
		ctx, cancel := context.WithTimeout(ctx, sendTimeout)
		defer cancel()
		if s.Credentials.Authorize(ctx, req) != nil {
			return 0, errors.New("there are no credentials for it")
		}
	}
	if err := s.client.DoTimeout(req, resp, sendTimeout); err != nil {
		return 0, errors.New(proxy.Cause(err))
	}
	return resp.StatusCode(), nil
}
