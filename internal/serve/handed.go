package serve

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
)

// firstHanded is the first file that a service manager hands over (sd_listen_fds(3)).
const firstHanded = 3

// Handed are sockets that a service manager opened and passed on. They stay open while the
// process is replaced: clients that connect meanwhile wait for the next process.
type Handed struct{ sockets []net.Listener }

// TakeHanded takes the sockets that the environment says are handed to this process; none
// where it says nothing.
func TakeHanded(env func(string) string) (*Handed, error) {
	h := &Handed{}
	if env("LISTEN_PID") != strconv.Itoa(os.Getpid()) {
		return h, nil // they are for another process
	}
	n, err := strconv.Atoi(env("LISTEN_FDS"))
	if err != nil || n < 0 || n > 16 {
		return nil, fmt.Errorf("$LISTEN_FDS is not a number of sockets")
	}
	for fd := firstHanded; fd < firstHanded+n; fd++ {
		f := os.NewFile(uintptr(fd), "socket "+strconv.Itoa(fd)) //nolint:gosec // 3 to 18
		l, err := net.FileListener(f)
		_ = f.Close() // the listener has a duplicate
		if err != nil {
			return nil, fmt.Errorf("file %d, which was handed over, is not a listening socket", fd)
		}
		h.sockets = append(h.sockets, l)
	}
	return h, nil
}

// Listen returns the socket that was handed over for an address, or opens one.
func (h *Handed) Listen(ctx context.Context, network, address string) (net.Listener, error) {
	want, err := net.ResolveTCPAddr(network, address)
	if err != nil {
		return nil, err
	}
	for i, l := range h.sockets {
		if at, ok := l.Addr().(*net.TCPAddr); ok && at.Port == want.Port && (at.IP.Equal(want.IP) || at.IP.IsUnspecified() && (want.IP == nil || want.IP.IsUnspecified())) {
			h.sockets = append(h.sockets[:i:i], h.sockets[i+1:]...)
			return l, nil
		}
	}
	return new(net.ListenConfig).Listen(ctx, network, address)
}

// Unused closes the sockets that no listener has asked for, and returns their addresses.
func (h *Handed) Unused() (addresses []string) {
	for _, l := range h.sockets {
		addresses = append(addresses, l.Addr().String())
		_ = l.Close() // no listener uses it
	}
	h.sockets = nil
	return addresses
}
