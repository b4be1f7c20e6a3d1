// Package script reads SQL scripts as psql does: statements up to their semicolon, ignoring
// those in quotes, comments and function bodies; the rows after a COPY; and psql commands.
// It splits statements into tokens ([Tokens]) and parses them ([Parser]).
//
// It knows the syntax of scripts, but not what they do. Its output ([SQL]) is built from
// tokens: it contains no comments of the original, nor its form of quoting.
package script
