// Package script reads SQL scripts as psql does: statements up to their semicolon, whatever
// quotes, comments and function bodies hold one, the rows behind a COPY, and the commands
// of psql. It splits statements into tokens ([Tokens]) and goes over them ([Parser]).
//
// It knows how scripts are written and nothing of what they do. What it writes ([SQL]) is
// made of tokens: no comment and no form of quoting of the original is in it.
package script
