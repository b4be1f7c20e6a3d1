//go:build !amd64 || purego

package fhirjson

func haveVectors() bool { return false }

func skimVectors(_ []byte, i int, _ *skimState) (next int, ended bool) { return i, false }

func markStops(_ *byte, _ int, _ *uint64) {}
