package web

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Hosts are the names under which an installation answers.
type Hosts struct {
	Own  string   // base URL, such as https://id.contoso.example, without a slash at its end
	Also []string // further base URLs, on the operator's word
}

// Base returns the base URL of the host that was asked when it is Own or one
// of Also, and Own otherwise: a Host header that nobody vouches for never
// comes back in an answer. Letter case and a default port make no difference.
func (h Hosts) Base(r *http.Request) string {
	for _, base := range h.Also {
		if sameHost(base, r.Host) {
			return base
		}
	}
	return h.Own
}

// Known reports whether the host that was asked is one of ours.
func (h Hosts) Known(r *http.Request) bool {
	return sameHost(h.Own, r.Host) || slices.ContainsFunc(h.Also, func(base string) bool { return sameHost(base, r.Host) })
}

func sameHost(base, host string) bool {
	u, err := url.Parse(base)
	if err != nil || host == "" {
		return false
	}
	port := map[string]string{"https": ":443", "http": ":80"}[u.Scheme]
	return strings.EqualFold(strings.TrimSuffix(u.Host, port), strings.TrimSuffix(host, port))
}
