package process

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strconv"
)

// Loopback is where the programs listen that nobody else is to reach.
const Loopback = "127.0.0.1"

// Address is a port of loopback, with its host.
func Address(port uint16) string { return net.JoinHostPort(Loopback, strconv.Itoa(int(port))) }

// FreePort is one of loopback on which nothing listens, in this moment: a program that is told to may find that another was faster.
func FreePort(ctx context.Context) (uint16, error) {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", Address(0))
	if err != nil {
		return 0, fmt.Errorf("looking for a free port: %w", err)
	}
	defer listener.Close()
	address, err := netip.ParseAddrPort(listener.Addr().String())
	if err != nil {
		return 0, fmt.Errorf("reading the free port: %w", err)
	}
	return address.Port(), nil
}
