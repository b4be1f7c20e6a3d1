package analysis

import (
	"time"
)

// Session is everything that the analysis of a statement may depend on besides its
// text. The listener keeps one per client connection and changes it as plans require.
type Session struct {
	// SearchPath are the schemas in which unqualified relations are looked up. pg_catalog
	// comes first even if it is not named. The upstream session keeps its own fixed path.
	SearchPath []string
	// User is the name the client logged in with: current_user and the like.
	User string
	// Database is the name that current_catalog returns.
	Database string
	// Prepared returns the plan of a PREPARE by its name, or nil.
	Prepared func(name string) *Plan
	// Cursor returns the plan of a DECLARE by its name, or nil.
	Cursor func(name string) *Plan
	// Timeout is the longest statement timeout that the session may set; zero means no
	// limit.
	Timeout time.Duration
	// Setting returns the result of SHOW for parameters that the listener knows better
	// than the upstream; ok is false if the upstream must be queried.
	Setting func(name string) (value string, ok bool)
}
