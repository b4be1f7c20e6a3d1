package analysis

import (
	"time"
)

// Session is what the analysis of a statement may depend on beside the text. The
// listener keeps one a client connection and changes it as plans say.
type Session struct {
	// SearchPath are the schemas that unqualified relations are looked for in.
	// pg_catalog comes first even where it is not named. The upstream session
	// keeps its own fixed one.
	SearchPath []string
	// User is the name the client logged in with: current_user and the like.
	User string
	// Database is the name current_catalog tells.
	Database string
	// Prepared returns the plan under the name of a PREPARE, or nil.
	Prepared func(name string) *Plan
	// Cursor returns the plan under the name of a DECLARE, or nil.
	Cursor func(name string) *Plan
	// Timeout is the longest statement timeout that the session may set; zero for no
	// bound.
	Timeout time.Duration
	// Setting returns what SHOW of a parameter tells where the listener knows better
	// than the upstream; ok is false where the upstream is to be queried.
	Setting func(name string) (value string, ok bool)
}
