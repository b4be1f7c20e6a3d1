package pgproxy

import (
	"errors"

	"github.com/veil-proxy/veil/proxy/pgproxy/pool"
	"github.com/veil-proxy/veil/proxy/pgproxy/wire"
)

// errDisagrees ends a session whose upstream returned columns that differ from those of
// the analysis: their contents are unknown.
var errDisagrees = errors.New("the upstream's columns differ from those of the analysis")

// fatal returns what the client is sent before the connection is closed; nil if it has
// disconnected or there is nothing to say.
func fatal(err error) *wire.Error {
	var reported *wire.Error
	switch {
	case errors.As(err, &reported):
		return reported
	case errors.Is(err, wire.ErrSize):
		return &wire.Error{Code: "54000", Text: "message exceeds the maximum size"}
	case errors.Is(err, wire.ErrMalformed), errors.Is(err, wire.ErrLength), errors.Is(err, errEncrypts):
		return &wire.Error{Code: "08P01", Text: "the client violated the protocol"}
	case errors.Is(err, errDisagrees):
		return &wire.Error{Code: "XX000", Text: "the upstream returned other columns than expected, so its response is not passed on"}
	case errors.Is(err, pool.ErrProtocol):
		return &wire.Error{Code: "08006", Text: "unexpected response from the upstream"}
	case errors.Is(err, pool.ErrGone):
		return &wire.Error{Code: "08006", Text: "the connection to the upstream failed"}
	}
	return nil
}
