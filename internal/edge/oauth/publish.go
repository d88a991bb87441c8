package oauth

import (
	"net/http"
	"strings"

	"entente/internal/kit/ids"
	"entente/internal/kit/jose"
)

// maxShared is for how many tenants "common" shows keys.
const maxShared = 100

// publishKeys answers with a tenant's keys, or for an authority of many tenants
// with the keys of those that made theirs last. Version 2 says of each key
// whose it is.
func (e *Edge) publishKeys(version int) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		all := []jose.PublicKey{}
		add := func(tenant ids.TenantID, list []jose.PublicKey) {
			for _, k := range list {
				if version == 2 {
					k.Issuer, k.Instance = e.Hosts.Own+"/"+string(tenant)+"/v2.0", hostOf(e.Hosts.Own)
				}
				all = append(all, k)
			}
		}
		if err := e.collectKeys(r, add); err != nil {
			return err
		}
		// An hour, so that with what a verifier keeps itself a key is known
		// everywhere within the day for which it is published before it signs.
		w.Header().Set("Cache-Control", "max-age=3600, private")
		return writeJSON(w, http.StatusOK, map[string]any{"keys": all})
	}
}

func (e *Edge) collectKeys(r *http.Request, add func(ids.TenantID, []jose.PublicKey)) error {
	segment := strings.ToLower(r.PathValue("tenant"))
	switch {
	case segment == "consumers":
		return nil
	case shared(segment):
		return e.Keys.PublishedByAll(r.Context(), maxShared, add)
	}
	t, err := e.findTenant(r)
	if err != nil {
		return err
	}
	list, err := e.Keys.Published(r.Context(), t.ID)
	if err != nil {
		return err
	}
	add(t.ID, list)
	return nil
}
