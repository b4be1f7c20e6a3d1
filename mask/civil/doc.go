// Package civil provides calendar dates without a time or a time zone. It is a leaf
// package that keys and rulesets share.
package civil
