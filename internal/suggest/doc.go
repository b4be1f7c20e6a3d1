// Package suggest finds the name that was probably meant by one that is not known.
package suggest
