package ship

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	collector "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	"google.golang.org/protobuf/proto"
)

// OTLP sends lines to an OpenTelemetry receiver as log records, over HTTP.
type OTLP struct {
	endpoint string
	headers  map[string]string
	client   *http.Client
}

// otlpTime bounds the time for a receiver to accept entries.
const otlpTime = 30 * time.Second

// NewOTLP returns a target for a receiver, such as http://localhost:4318/v1/logs.
func NewOTLP(endpoint string, headers map[string]string, conf *tls.Config) *OTLP {
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = conf
	return &OTLP{endpoint, headers, &http.Client{Transport: transport, Timeout: otlpTime, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// Send sends entries.
func (o *OTLP) Send(ctx context.Context, entries []Entry) error {
	body, err := o.body(entries)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.endpoint, bytes.NewReader(body))
	if err != nil {
		return errors.New("the address of the receiver is not valid")
	}
	for name, value := range o.headers {
		req.Header.Set(name, value)
	}
	req.Header.Set("Content-Type", "application/x-protobuf")
	req.Header.Set("Content-Encoding", "gzip")
	resp, err := o.client.Do(req)
	if err != nil {
		return &networkError{"the receiver of logs does not respond", err}
	}
	defer func() { _ = resp.Body.Close() }() // only read
	text, err := io.ReadAll(io.LimitReader(resp.Body, 64<<10))
	switch {
	case err != nil:
		return &networkError{"the connection to the receiver of logs was interrupted", err}
	case resp.StatusCode != http.StatusOK:
		return fmt.Errorf("the receiver of logs responded with status %d", resp.StatusCode)
	}
	var taken collector.ExportLogsServiceResponse
	if resp.Header.Get("Content-Type") != "application/x-protobuf" || proto.Unmarshal(text, &taken) != nil || len(taken.ProtoReflect().GetUnknown()) > 0 {
		return errors.New("the receiver of logs responded with something other than OTLP")
	}
	if n := taken.GetPartialSuccess().GetRejectedLogRecords(); n > 0 {
		return fmt.Errorf("the receiver of logs did not accept %d of %d records", n, len(entries))
	}
	return nil
}

func (o *OTLP) body(entries []Entry) ([]byte, error) {
	records := make([]*logs.LogRecord, len(entries))
	for i := range entries {
		e := &entries[i]
		severity := logs.SeverityNumber_SEVERITY_NUMBER_INFO
		switch e.Result {
		case "refused":
			severity = logs.SeverityNumber_SEVERITY_NUMBER_WARN
		case "failed":
			severity = logs.SeverityNumber_SEVERITY_NUMBER_ERROR
		}
		at := uint64(max(e.Time.UnixNano(), 0))
		records[i] = &logs.LogRecord{
			TimeUnixNano: at, ObservedTimeUnixNano: at, SeverityNumber: severity, EventName: "veil.audit." + e.Kind, Body: text(string(e.Text)),
			Attributes: []*common.KeyValue{
				{Key: "veil.audit.seq", Value: &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: int64(e.Seq)}}}, //nolint:gosec // lines are numbered from 1
				{Key: "veil.operation", Value: text(e.Operation)}, {Key: "veil.outcome", Value: text(e.Result)},
			},
		}
	}
	m := &collector.ExportLogsServiceRequest{ResourceLogs: []*logs.ResourceLogs{{
		Resource:  &resource.Resource{Attributes: []*common.KeyValue{{Key: "service.name", Value: text("veil")}}},
		ScopeLogs: []*logs.ScopeLogs{{Scope: &common.InstrumentationScope{Name: "github.com/veil-proxy/veil/audit"}, LogRecords: records}},
	}}}
	raw, err := proto.Marshal(m)
	if err != nil {
		return nil, err
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, err = z.Write(raw)
	err = errors.Join(err, z.Close())
	return packed.Bytes(), err
}

func text(s string) *common.AnyValue {
	return &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: s}}
}

// Close ends idle connections.
func (o *OTLP) Close() { o.client.CloseIdleConnections() }
