package proxy

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
)

// Cause says in fixed words why a connection or a transfer over it failed, so that an
// operator knows where to look. The error itself can contain addresses and parts of
// messages, and must not be shown.
func Cause(err error) string {
	var dns *net.DNSError
	var timed interface{ Timeout() bool }
	var verification *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	var record tls.RecordHeaderError
	var op *net.OpError
	var number syscall.Errno
	switch {
	case err == nil:
		return ""
	case errors.As(err, &dns) && !dns.IsTimeout:
		return "unknown host"
	case errors.As(err, &host):
		return "certificate of another host"
	case errors.As(err, &authority):
		return "certificate of an unknown authority"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "certificate expired or not yet valid"
	case errors.As(err, &verification), errors.As(err, &invalid):
		return "certificate"
	case errors.As(err, &op) && op.Op == "remote error": // an alert of TLS, whose texts are fixed
		if strings.Contains(op.Err.Error(), "certificate") {
			return "certificate"
		}
		return "protocol"
	case errors.As(err, &record):
		return "protocol"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &timed) && timed.Timeout():
		return "timeout"
	case errors.As(err, &number):
		switch number {
		case syscall.ECONNREFUSED:
			return "refused"
		case syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EADDRNOTAVAIL:
			return "no route"
		case syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED:
			return "broken off"
		case syscall.EACCES, syscall.EPERM:
			return "not permitted"
		}
		return "network"
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, net.ErrClosed):
		return "broken off"
	}
	return "protocol"
}
