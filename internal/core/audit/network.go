package audit

import "net/netip"

// Network returns what counts as one network where tries are counted: an IPv4
// address, or the 64 bits that name an IPv6 network. It is empty for what is no
// address.
func Network(ip string) string {
	a, err := netip.ParseAddr(ip)
	if err != nil {
		return ""
	}
	if a = a.Unmap(); a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.String()
		}
	}
	return a.String()
}
