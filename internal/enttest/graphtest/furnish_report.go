package graphtest

import (
	"net/http"
	"net/url"
)

// logs is the room of what the tenant's logs hold: that the user was made, and
// that the client signed in.
var logs = Room{
	Furnish: func(f *Furnishing) {
		f.find("/auditLogs/directoryAudits", "/v1.0", "activityDisplayName eq 'Add user' and targetResources/any(t: t/id eq '"+f.IDs["/users"]+"')")
		f.find("/auditLogs/signIns", "/beta", "signInEventTypes/any(t: t eq 'servicePrincipal') and servicePrincipalId eq '"+f.IDs["client"]+"'")
	},
}

// find keeps the key of an entity of the set that words lead to, for which the
// filter holds.
func (f *Furnishing) find(words, version, filter string) {
	found := f.Send(http.MethodGet, version+words+"?$top=1&$filter="+url.QueryEscape(filter), nil)
	list, _ := found["value"].([]any)
	for _, one := range list {
		f.IDs[words], _ = one.(map[string]any)["id"].(string)
	}
}
