package process

import (
	"context"
	"fmt"
	"net"
	"net/netip"
)

// FreeAddress is one of loopback on which nothing listens, in this moment: a program that is told to may find that another was faster.
func FreeAddress(ctx context.Context) (netip.AddrPort, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("looking for a free port: %w", err)
	}
	defer listener.Close()
	address, err := netip.ParseAddrPort(listener.Addr().String())
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("reading the free port: %w", err)
	}
	return address, nil
}
