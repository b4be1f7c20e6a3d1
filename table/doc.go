// Package table masks tables, whatever holds them.
package table
