package wire

import (
	"github.com/jackc/pgx/v5/pgproto3"
)

// Error is an error that is sent to the client. Its texts are Veil's own.
type Error struct {
	Code     string // SQLSTATE
	Text     string
	Detail   string
	Hint     string
	Position int32 // in the client's text, in characters from 1; 0 for none
}

func (e *Error) Error() string { return e.Text }

// Response returns the error as a message.
func (e *Error) Response(severity string) *pgproto3.ErrorResponse {
	return &pgproto3.ErrorResponse{
		Severity: severity, SeverityUnlocalized: severity, Code: e.Code, Message: e.Text, Detail: e.Detail, Hint: e.Hint, Position: e.Position,
	}
}

// Condition returns what the client is sent for an upstream error: its SQLSTATE with
// the text that PostgreSQL's documentation has for it. The upstream's own text, detail,
// names and positions can contain values.
func Condition(code string) *Error {
	if text, ok := conditions[code]; ok {
		return &Error{Code: code, Text: text}
	}
	if len(code) == 5 {
		if text, ok := classes[code[:2]]; ok {
			return &Error{Code: code, Text: text}
		}
	}
	return &Error{Code: "XX000", Text: "the upstream reported an error"}
}

// conditions are the texts of conditions that a read-only client may meet. Source:
// PostgreSQL documentation, appendix A.
var conditions = map[string]string{
	"01000": "warning",
	"02000": "no data",
	"08P01": "protocol violation",
	"0A000": "feature not supported",
	"21000": "more than one row returned by a subquery used as an expression",
	"22000": "data exception",
	"22001": "value too long for its type",
	"22003": "numeric value out of range",
	"22004": "null value not allowed",
	"22007": "invalid date or time format",
	"22008": "date or time field value out of range",
	"22009": "invalid time zone displacement",
	"22011": "substring error",
	"22012": "division by zero",
	"22013": "invalid preceding or following size in window function",
	"22014": "argument of ntile must be greater than zero",
	"22016": "argument of nth_value must be greater than zero",
	"22019": "invalid escape character",
	"22021": "character not in repertoire",
	"22023": "invalid parameter value",
	"22025": "invalid escape sequence",
	"2202E": "array subscript error",
	"22030": "duplicate JSON object key value",
	"22032": "invalid JSON text",
	"22033": "invalid SQL/JSON subscript",
	"22P02": "invalid input syntax",
	"22P03": "invalid binary representation",
	"2201B": "invalid regular expression",
	"2201E": "invalid argument for logarithm",
	"2201F": "invalid argument for power function",
	"2201W": "invalid row count in LIMIT clause",
	"2201X": "invalid row count in OFFSET clause",
	"24000": "invalid cursor state",
	"25001": "there is a transaction in progress",
	"25006": "the transaction is read-only",
	"25P01": "there is no transaction in progress",
	"25P02": "current transaction is aborted, commands ignored until end of transaction block",
	"25P03": "terminating connection due to idle-in-transaction timeout",
	"26000": "prepared statement does not exist",
	"34000": "cursor does not exist",
	"3B001": "savepoint does not exist",
	"3D000": "database does not exist",
	"3F000": "schema does not exist",
	"40001": "could not serialize access",
	"40P01": "deadlock detected",
	"42501": "permission denied",
	"42601": "syntax error",
	"42602": "invalid name",
	"42702": "column reference is ambiguous",
	"42703": "column does not exist",
	"42704": "object does not exist",
	"42725": "function or operator is not unique",
	"42803": "column must appear in the GROUP BY clause or be used in an aggregate function",
	"42804": "types do not match",
	"42809": "wrong object type",
	"42830": "invalid foreign key",
	"42846": "cannot cast the type",
	"42883": "function or operator does not exist for these types",
	"42939": "reserved name",
	"42P01": "relation does not exist",
	"42P02": "there is no such parameter",
	"42P03": "cursor already exists",
	"42P05": "prepared statement already exists",
	"42P08": "type of a parameter is ambiguous",
	"42P09": "alias is ambiguous",
	"42P10": "invalid column reference",
	"42P18": "could not determine a data type",
	"42P19": "invalid recursion",
	"42P20": "windowing error",
	"42P21": "collation mismatch",
	"42P22": "could not determine which collation to use",
	"53000": "insufficient resources of the upstream",
	"53100": "the upstream's disk is full",
	"53200": "the upstream is out of memory",
	"53300": "the upstream has too many connections",
	"54000": "program limit exceeded",
	"54001": "statement too complex",
	"54011": "too many columns",
	"54023": "too many arguments",
	"55000": "object not in the state it should have",
	"55P03": "lock not available",
	"57014": "canceling statement due to user request or a timeout",
	"57P01": "terminating connection due to administrator command",
	"57P02": "the upstream crashed",
	"57P03": "the upstream cannot accept connections now",
	"57P05": "terminating connection due to idle-session timeout",
}

// classes are texts of the classes of conditions.
var classes = map[string]string{
	"00": "successful completion",
	"01": "warning",
	"02": "no data",
	"08": "connection exception of the upstream",
	"0A": "feature not supported",
	"21": "cardinality violation",
	"22": "data exception",
	"24": "invalid cursor state",
	"25": "invalid transaction state",
	"26": "invalid SQL statement name",
	"28": "invalid authorization specification",
	"2D": "invalid transaction termination",
	"34": "invalid cursor name",
	"3D": "invalid catalog name",
	"3F": "invalid schema name",
	"40": "transaction rollback",
	"42": "syntax error or access rule violation",
	"53": "insufficient resources of the upstream",
	"54": "program limit exceeded",
	"55": "object not in prerequisite state",
	"57": "operator intervention",
	"58": "system error of the upstream",
	"72": "snapshot failure",
	"P0": "PL/pgSQL error",
	"XX": "internal error of the upstream",
}
