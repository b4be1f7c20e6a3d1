package pgproxy

import "errors"

// errDisagrees ends a session whose upstream returned other columns than the
// analysis said: what they hold is not known.
var errDisagrees = errors.New("the upstream's columns are not those of the analysis")

// fatal is what the client is told before the connection is closed; nil where it
// left, or there is nothing to tell.
func fatal(err error) *sessionError {
	var told *sessionError
	switch {
	case errors.As(err, &told):
		return told
	case errors.Is(err, errFrameSize):
		return &sessionError{code: "54000", text: "message exceeds the maximum size"}
	case errors.Is(err, errStartup), errors.Is(err, errFrameLength), errors.Is(err, errEncrypts):
		return &sessionError{code: "08P01", text: "the client does not keep to the protocol"}
	case errors.Is(err, errDisagrees):
		return &sessionError{code: "XX000", text: "the upstream's answer does not have the columns of the analysis, so nothing of it is told"}
	case errors.Is(err, errUpstreamProtocol):
		return &sessionError{code: "08006", text: "the upstream's answer is not the one that was expected"}
	case errors.Is(err, errUpstreamGone):
		return &sessionError{code: "08006", text: "the connection to the upstream failed"}
	}
	return nil
}
