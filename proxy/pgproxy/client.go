package pgproxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/pgproxy/wire"
)

const (
	// clientBuffer is how much is read ahead from a client, in bytes.
	clientBuffer = 8 << 10
	// flushAt is how much of a response is gathered before it is sent.
	flushAt = 64 << 10
	// mostAuthBytes bounds a message of the authentication.
	mostAuthBytes = 4 << 10
)

// client is the connection to a client.
type client struct {
	raw     net.Conn // as it was accepted
	conn    net.Conn
	tls     *tls.Conn // the same, when it is encrypted
	in      *wire.Frames
	out     []byte // not sent yet
	timeout time.Duration
	// stopping is cancelled when the process stops waiting for clients that do not read
	// their response.
	stopping context.Context
}

// send appends a message to what is sent next.
func (c *client) send(m pgproto3.BackendMessage) {
	out, err := m.Encode(c.out)
	if err == nil { // otherwise it is larger than any message created here
		c.out = out
	}
}

// flush sends what was gathered.
func (c *client) flush() error {
	if len(c.out) == 0 {
		return nil
	}
	err := c.write(c.out)
	c.out = c.out[:0]
	if cap(c.out) > 2*flushAt {
		c.out = nil
	}
	return err
}

// write sends bytes at once, past what was gathered.
func (c *client) write(b []byte) error {
	if err := c.conn.SetWriteDeadline(time.Now().Add(c.timeout)); err != nil {
		return err
	}
	if c.stopping.Err() != nil { // checked last: see press
		if err := c.conn.SetWriteDeadline(time.Now().Add(farewell)); err != nil {
			return err
		}
	}
	_, err := c.conn.Write(b)
	return err
}

// Write is write for what is copied in pieces.
func (c *client) Write(b []byte) (int, error) {
	if err := c.write(b); err != nil {
		return 0, err
	}
	return len(b), nil
}

// gone reports whether the client has closed the connection, while no message is
// expected. What it has sent in the meantime is kept.
func (c *client) gone() bool {
	if c.in.Full() {
		return false // it sends, so it is connected
	}
	if err := c.conn.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
		return true
	}
	err := c.in.Fill(c.in.Buffered() + 1)
	return err != nil && !errors.Is(err, os.ErrDeadlineExceeded)
}

// readable waits until the client sends something, without a buffer and, to keep the
// stack small, not inside TLS. There must be no unread input.
func (c *client) readable() error {
	conn, ok := c.raw.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	return raw.Read(pending)
}

// local reports whether the client is on this machine.
func (c *client) local() bool {
	switch a := c.conn.RemoteAddr().(type) {
	case *net.TCPAddr:
		return a.IP.IsLoopback()
	case *net.UnixAddr:
		return true
	}
	return false
}

// authenticate authenticates the client. The error is consumer.ErrBadCredentials, or that
// of the connection.
func (c *client) authenticate(d *consumer.Directory, user string, binding *consumer.Binding) (*consumer.Consumer, error) {
	c.in.Limit = mostAuthBytes
	c.send(&pgproto3.AuthenticationSASL{AuthMechanisms: consumer.Mechanisms(binding)})
	body, err := c.password()
	if err != nil {
		return nil, err
	}
	var first pgproto3.SASLInitialResponse
	if err := first.Decode(body); err != nil {
		return nil, wire.ErrMalformed
	}
	login, err := d.Login(user, first.AuthMechanism, binding)
	if err != nil {
		return nil, consumer.ErrBadCredentials
	}
	challenge, err := login.Step(first.Data)
	if err != nil {
		return nil, consumer.ErrBadCredentials
	}
	c.send(&pgproto3.AuthenticationSASLContinue{Data: challenge})
	if body, err = c.password(); err != nil {
		return nil, err
	}
	signature, err := login.Step(body)
	if err != nil {
		return nil, consumer.ErrBadCredentials
	}
	who, err := login.Consumer()
	if err != nil {
		return nil, consumer.ErrBadCredentials
	}
	c.send(&pgproto3.AuthenticationSASLFinal{Data: signature})
	return who, nil
}

// password sends what was gathered and takes the client's response.
func (c *client) password() ([]byte, error) {
	if err := c.flush(); err != nil {
		return nil, err
	}
	typ, body, err := c.in.Next()
	if err == nil && typ != 'p' {
		err = wire.ErrMalformed
	}
	return body, err
}

// binding returns the channel binding of the listener's certificate; nil if there is
// none.
func binding(config *tls.Config) (*consumer.Binding, error) {
	if config == nil || len(config.Certificates) != 1 || config.GetCertificate != nil || config.GetConfigForClient != nil {
		return nil, nil // it is unknown which certificate a client saw
	}
	leaf, err := x509.ParseCertificate(config.Certificates[0].Certificate[0])
	if err != nil {
		return nil, err
	}
	return consumer.NewBinding(leaf), nil
}
