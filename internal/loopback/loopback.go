// Package loopback says which hosts are this machine, judged by name alone.
package loopback

import "net"

// Is reports whether a host is localhost or an address of the loopback interface.
// Nothing is looked up: a name that resolves to such an address does not count.
func Is(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
