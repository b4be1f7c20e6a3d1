//go:build !unix

package serve

// surviveFileSizeLimit does nothing where there is no such limit.
func surviveFileSizeLimit() {}
