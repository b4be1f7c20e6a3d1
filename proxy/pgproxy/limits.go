package pgproxy

import (
	"cmp"
	"time"

	"github.com/veil-proxy/veil/proxy"
)

// Limits bound what consumers can make the listener do. Zero fields take the values
// of DefaultLimits.
//
// A session holds at most MessageBytes from its client and RowBytes of a row, twice
// while it masks the row.
type Limits struct {
	// Connections bounds the connections from clients, including those that have not
	// authenticated.
	Connections int
	// UpstreamConnections bounds the connections to the upstream. A session holds one. If
	// none is free, it waits for at most QueueTimeout.
	UpstreamConnections int
	// MessageBytes bounds a message from a client, such as a query with its parameters.
	MessageBytes int
	// RowBytes bounds a row or a line of COPY in which something is masked. Rows without
	// masked values are passed on in pieces, whatever their size.
	RowBytes int
	// Statements bounds the prepared statements of a session, Portals its open portals and
	// cursors.
	Statements, Portals int
	// AuthTimeout bounds the time from the first byte to the end of
	// authentication.
	AuthTimeout time.Duration
	// IdleTimeout bounds the wait for a client's next message.
	IdleTimeout time.Duration
	// WriteTimeout bounds the wait for a client that does not read its response.
	WriteTimeout time.Duration
	// QueueTimeout bounds the wait for a free upstream connection,
	// ConnectTimeout the opening of one.
	QueueTimeout, ConnectTimeout time.Duration
	// StatementTimeout bounds a statement whose view sets no timeout of its own.
	StatementTimeout time.Duration
}

// DefaultLimits are safe for a department's server.
func DefaultLimits() Limits {
	return Limits{
		Connections: 1024, UpstreamConnections: 64,
		MessageBytes: 8 << 20, RowBytes: 64 << 20, Statements: 1024, Portals: 256,
		AuthTimeout: 10 * time.Second, IdleTimeout: 30 * time.Minute, WriteTimeout: 60 * time.Second,
		QueueTimeout: 10 * time.Second, ConnectTimeout: 10 * time.Second, StatementTimeout: 10 * time.Minute,
	}
}

// complete fills in what is zero and refuses what is negative.
func (l Limits) complete() (Limits, error) {
	d := DefaultLimits()
	err := cmp.Or(
		proxy.Limit("Connections", &l.Connections, d.Connections),
		proxy.Limit("UpstreamConnections", &l.UpstreamConnections, d.UpstreamConnections),
		proxy.Limit("MessageBytes", &l.MessageBytes, d.MessageBytes),
		proxy.Limit("RowBytes", &l.RowBytes, d.RowBytes),
		proxy.Limit("Statements", &l.Statements, d.Statements),
		proxy.Limit("Portals", &l.Portals, d.Portals),
		proxy.Limit("AuthTimeout", &l.AuthTimeout, d.AuthTimeout),
		proxy.Limit("IdleTimeout", &l.IdleTimeout, d.IdleTimeout),
		proxy.Limit("WriteTimeout", &l.WriteTimeout, d.WriteTimeout),
		proxy.Limit("QueueTimeout", &l.QueueTimeout, d.QueueTimeout),
		proxy.Limit("ConnectTimeout", &l.ConnectTimeout, d.ConnectTimeout),
		proxy.Limit("StatementTimeout", &l.StatementTimeout, d.StatementTimeout),
	)
	return l, err
}
