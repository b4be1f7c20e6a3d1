package fhirproxy

import (
	"cmp"
	"time"

	"github.com/veil-proxy/veil/proxy"
)

// Limits bound what consumers can make the listener do. Zero fields take the values
// of DefaultLimits.
//
// A response is held in memory, both as received and as masked, until the consumer has
// taken it. So responses take at most about 3 × ResponseBytes × Exchanges, and 256 KB
// for each connection. Package inparts says how much is kept of a Bundle larger than
// 256 KB that can be sent while it arrives; up to Exchanges of these are sent in
// addition. XML takes more while it is read or written, 60 and 8 times its size: an XML
// response of the upstream may have at most an eighth of ResponseBytes, and no more of
// them than there are processors are converted to JSON or back at once.
type Limits struct {
	// HeaderBytes bounds the request line and headers together.
	HeaderBytes int
	// RequestBytes bounds a request body.
	RequestBytes int
	// ResponseBytes bounds an upstream response, before and after decompression, and the
	// part that is kept of a response sent while it arrives.
	ResponseBytes int
	// Connections bounds the connections from consumers.
	Connections int
	// Exchanges bounds the requests that are sent to the upstream or masked at once, and
	// thus the connections to the upstream. Further requests wait, for at most
	// UpstreamTimeout.
	Exchanges int
	// Streams bounds the files that are sent at once. Each holds one line of its file in
	// memory, before and after masking.
	Streams int
	// UpstreamTimeout bounds a request to the upstream from its first byte to
	// the last one of the response; of a file, the wait for each piece.
	UpstreamTimeout time.Duration
	// ReadyTimeout bounds the request to the upstream that /readyz makes.
	ReadyTimeout time.Duration
	// ReadTimeout bounds the reading of a request, WriteTimeout the writing of
	// a response or of a piece of a file, IdleTimeout the wait for the next request.
	ReadTimeout, WriteTimeout, IdleTimeout time.Duration
}

// DefaultLimits are safe for a server of one department.
func DefaultLimits() Limits {
	return Limits{
		HeaderBytes: 16 << 10, RequestBytes: 64 << 10, ResponseBytes: 64 << 20,
		Connections: 1024, Exchanges: 64, Streams: 8,
		UpstreamTimeout: 30 * time.Second, ReadyTimeout: 2 * time.Second,
		ReadTimeout: 15 * time.Second, WriteTimeout: 60 * time.Second, IdleTimeout: 60 * time.Second,
	}
}

// complete fills in what is zero and refuses what is negative.
func (l Limits) complete() (Limits, error) {
	d := DefaultLimits()
	err := cmp.Or(
		proxy.Limit("HeaderBytes", &l.HeaderBytes, d.HeaderBytes),
		proxy.Limit("RequestBytes", &l.RequestBytes, d.RequestBytes),
		proxy.Limit("ResponseBytes", &l.ResponseBytes, d.ResponseBytes),
		proxy.Limit("Connections", &l.Connections, d.Connections),
		proxy.Limit("Exchanges", &l.Exchanges, d.Exchanges),
		proxy.Limit("Streams", &l.Streams, d.Streams),
		proxy.Limit("UpstreamTimeout", &l.UpstreamTimeout, d.UpstreamTimeout),
		proxy.Limit("ReadyTimeout", &l.ReadyTimeout, d.ReadyTimeout),
		proxy.Limit("ReadTimeout", &l.ReadTimeout, d.ReadTimeout),
		proxy.Limit("WriteTimeout", &l.WriteTimeout, d.WriteTimeout),
		proxy.Limit("IdleTimeout", &l.IdleTimeout, d.IdleTimeout),
	)
	return l, err
}
