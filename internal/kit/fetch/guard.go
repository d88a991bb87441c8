package fetch

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"entente/internal/kit/fault"
)

// internal4 lists the IPv4 ranges that are no public host: IANA's registry of
// special-purpose addresses (RFC 6890), multicast and the reserved rest.
var internal4 = prefixes(
	"0.0.0.0/8",       // this network
	"10.0.0.0/8",      // private, RFC 1918
	"100.64.0.0/10",   // carrier-grade NAT, RFC 6598
	"127.0.0.0/8",     // loopback
	"169.254.0.0/16",  // link-local, and the metadata services of clouds
	"172.16.0.0/12",   // private, RFC 1918
	"192.0.0.0/24",    // protocol assignments
	"192.0.2.0/24",    // documentation
	"192.88.99.0/24",  // 6to4 relays
	"192.168.0.0/16",  // private, RFC 1918
	"198.18.0.0/15",   // benchmarks
	"198.51.100.0/24", // documentation
	"203.0.113.0/24",  // documentation
	"224.0.0.0/4",     // multicast
	"240.0.0.0/4",     // reserved, and broadcast
)

// public6 is what IANA has opened for global unicast. All else in IPv6 is
// internal: loopback, unspecified, unique local, link-local, multicast, and the
// ranges that carry an IPv4 address inside, such as NAT64's 64:ff9b::/96.
var public6 = netip.MustParsePrefix("2000::/3")

// internal6 lists what is no public host within public6.
var internal6 = prefixes(
	"2001::/23",     // protocol assignments, Teredo among them
	"2001:db8::/32", // documentation
	"2002::/16",     // 6to4 carries an IPv4 address
	"3fff::/20",     // documentation
)

func prefixes(texts ...string) []netip.Prefix {
	list := make([]netip.Prefix, len(texts))
	for i, s := range texts {
		list[i] = netip.MustParsePrefix(s)
	}
	return list
}

// Public reports whether a is the address of a public host. An IPv4 address
// that is mapped into IPv6 is judged as the IPv4 address it is.
func Public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	switch {
	case !a.IsValid():
		return false
	case a.Is4():
		return !within(internal4, a)
	}
	return public6.Contains(a) && !within(internal6, a)
}

func within(list []netip.Prefix, a netip.Addr) bool {
	for _, p := range list {
		if p.Contains(a) {
			return true
		}
	}
	return false
}

// A guard dials public addresses, and what the operator has named.
type guard struct {
	hosts    map[string]bool
	networks []netip.Prefix
	guarded  net.Dialer
	open     net.Dialer
}

// newGuard reads the operator's list. A host is allowed with whatever address
// it resolves to; a network or an address is allowed under any name.
func newGuard(allow []string) (*guard, error) {
	g := &guard{hosts: make(map[string]bool)}
	for _, entry := range allow {
		if p, err := netip.ParsePrefix(entry); err == nil {
			g.networks = append(g.networks, p.Masked())
		} else if a, err := netip.ParseAddr(entry); err == nil {
			g.networks = append(g.networks, netip.PrefixFrom(a.Unmap(), a.Unmap().BitLen()))
		} else if entry != "" && !strings.ContainsAny(entry, "/:@ \t") {
			g.hosts[fold(entry)] = true
		} else {
			return nil, fault.New(fault.Invalid, "'%.100s' is neither a host, an address nor a network (CIDR).", entry)
		}
	}
	const keepAlive = 30 * time.Second
	g.open = net.Dialer{KeepAlive: keepAlive}
	g.guarded = net.Dialer{KeepAlive: keepAlive, Control: g.control}
	return g, nil
}

// fold makes two spellings of one host name equal.
func fold(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) }

func (g *guard) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if g.hosts[fold(host)] {
		return g.open.DialContext(ctx, network, address)
	}
	return g.guarded.DialContext(ctx, network, address)
}

// control sees the address that is about to be dialed, after the name was
// resolved: a name that resolves differently the second time gains nothing.
func (g *guard) control(network, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil || !strings.HasPrefix(network, "tcp") {
		return &blockedError{address}
	}
	a := ap.Addr().Unmap().WithZone("")
	if Public(a) || within(g.networks, a) {
		return nil
	}
	return &blockedError{address}
}

// A blockedError says which address was refused. It goes to the log only.
type blockedError struct{ address string }

func (e *blockedError) Error() string { return fmt.Sprintf("address %s is not public", e.address) }
