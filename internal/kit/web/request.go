package web

import (
	"context"
	"net/http"
	"net/netip"
	"strings"

	"github.com/google/uuid"

	"entente/internal/kit/ids"
)

// identity is what Front finds out about a request before anyone reads it.
type identity struct {
	request     string // ours, new for each request
	correlation string // the caller's, if it sent a GUID
	client      string // the network address
}

type identityKey struct{}

func into(ctx context.Context, id identity) context.Context {
	return context.WithValue(ctx, identityKey{}, id)
}

func from(ctx context.Context) identity {
	id, _ := ctx.Value(identityKey{}).(identity)
	return id
}

// RequestID returns the identifier that Front gave the request, or "".
func RequestID(ctx context.Context) string { return from(ctx).request }

// CorrelationID returns the identifier that the caller gave the request, or
// else the one that Front gave it.
func CorrelationID(ctx context.Context) string {
	if id := from(ctx); id.correlation != "" {
		return id.correlation
	}
	return from(ctx).request
}

// ClientIP returns the network address that asked, without a port, or "".
func ClientIP(ctx context.Context) string { return from(ctx).client }

func identify(r *http.Request, proxies []netip.Prefix) identity {
	return identity{request: uuid.NewString(), correlation: correlation(r), client: client(r, proxies)}
}

// correlation returns the caller's own identifier: the header, or the query
// value that browser libraries use. Only a GUID is taken, because it is echoed
// and logged.
func correlation(r *http.Request) string {
	for _, s := range []string{r.Header.Get("Client-Request-Id"), queryValue(r, "client-request-id")} {
		if ids.Valid(s) {
			return strings.ToLower(s)
		}
	}
	return ""
}

func queryValue(r *http.Request, name string) string {
	if r.URL.RawQuery == "" {
		return ""
	}
	return r.URL.Query().Get(name)
}

// client returns the nearest address that is no trusted proxy. Addresses in
// X-Forwarded-For are believed from the right, as far as proxies reach.
func client(r *http.Request, proxies []netip.Prefix) string {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	addr := at.Addr().Unmap().WithZone("")
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0 && within(addr, proxies); i-- {
		next, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		addr = next.Unmap().WithZone("")
	}
	return addr.String()
}

func within(a netip.Addr, prefixes []netip.Prefix) bool {
	for _, p := range prefixes {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
