// Package civil has days of the calendar without a time or a time zone. It is a leaf
// that keys and rulesets share.
package civil
