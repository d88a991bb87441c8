package oauth

import (
	"net/http"
	"net/url"
	"strings"

	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// consumersTenant is the tenant of personal accounts in Entra. Nobody of
// it is here.
const consumersTenant = "9188040d-6c67-4c5b-b112-36a304b66dad"

// An authority is what a discovery document is about.
type authority struct {
	base    string // URL of the host that was asked
	name    string // base URL of the issuer
	segment string // of the endpoints: a tenant's identifier, or common and its kin
	issuer  string // the segment as the issuer has it: {tenantid} for many tenants
	region  *string
}

// discovery answers with the metadata of the authority that the path names.
// Documents by domain speak of the tenant's identifier.
func (e *Edge) discovery(document func(authority) any) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		a := authority{base: e.Hosts.Base(r), name: e.Hosts.Own}
		if e.MapHosts {
			a.name = a.base
		}
		if segment := strings.ToLower(r.PathValue("tenant")); shared(segment) {
			a.segment, a.issuer = segment, "{tenantid}"
			if segment == "consumers" {
				a.issuer = consumersTenant
			}
		} else {
			t, err := e.findTenant(r)
			if err != nil {
				return err
			}
			world := "WW"
			a.segment, a.issuer, a.region = string(t.ID), string(t.ID), &world
		}
		w.Header().Set("Cache-Control", "max-age=86400, private")
		return writeJSON(w, http.StatusOK, document(a))
	}
}

// metadata has the members of both versions (OpenID Connect Discovery 1.0,
// section 3).
type metadata struct {
	Token         string   `json:"token_endpoint"`
	Methods       []string `json:"token_endpoint_auth_methods_supported"`
	Keys          string   `json:"jwks_uri"`
	Modes         []string `json:"response_modes_supported"`
	SubjectTypes  []string `json:"subject_types_supported"`
	Algorithms    []string `json:"id_token_signing_alg_values_supported"`
	ResponseTypes []string `json:"response_types_supported"`
	Scopes        []string `json:"scopes_supported"`
	Issuer        string   `json:"issuer"`
	MultiRefresh  bool     `json:"microsoft_multi_refresh_token,omitempty"`
	RequestURI    bool     `json:"request_uri_parameter_supported"`
	UserInfo      string   `json:"userinfo_endpoint"`
	Authorization string   `json:"authorization_endpoint"`
	Device        string   `json:"device_authorization_endpoint"`
	HTTPLogout    bool     `json:"http_logout_supported"`
	FrontLogout   bool     `json:"frontchannel_logout_supported"`
	EndSession    string   `json:"end_session_endpoint"`
	Claims        []string `json:"claims_supported"`
	AnswersIssuer bool     `json:"authorization_response_iss_parameter_supported,omitempty"` // RFC 9207, section 3
	Region        *string  `json:"tenant_region_scope"`
	Instance      string   `json:"cloud_instance_name"`
	GraphHost     string   `json:"cloud_graph_host_name"`
	MSGraphHost   string   `json:"msgraph_host"`
}

func (a authority) common() metadata {
	host := hostOf(a.base)
	return metadata{
		Methods:      []string{"client_secret_post", "private_key_jwt", "client_secret_basic"},
		Modes:        []string{"query", "fragment", "form_post"},
		SubjectTypes: []string{"pairwise"},
		Algorithms:   []string{"RS256"},
		HTTPLogout:   true, FrontLogout: true,
		Region: a.region, Instance: host, GraphHost: host, MSGraphHost: host,
	}
}

func metadataV2(a authority) any {
	at := a.base + "/" + a.segment
	m := a.common()
	m.Issuer = a.name + "/" + a.issuer + "/v2.0"
	m.Token, m.Authorization = at+"/oauth2/v2.0/token", at+"/oauth2/v2.0/authorize"
	m.Device, m.EndSession = at+"/oauth2/v2.0/devicecode", at+"/oauth2/v2.0/logout"
	m.Keys, m.UserInfo = at+"/discovery/v2.0/keys", a.base+"/oidc/userinfo"
	m.AnswersIssuer = a.issuer == a.segment // of many tenants nobody can tell before somebody has signed in
	m.ResponseTypes = []string{"code", "id_token", "code id_token", "id_token token"}
	m.Scopes = []string{"openid", "profile", "email", "offline_access"}
	m.Claims = []string{"sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host",
		"aud", "exp", "iat", "auth_time", "acr", "nonce", "preferred_username", "name", "tid", "ver", "at_hash", "c_hash", "email"}
	return m
}

// metadataV1 names the keys of its own authority: a document of all tenants'
// keys, as Entra has it here, would have no end (doc/divergences.md).
func metadataV1(a authority) any {
	at := a.base + "/" + a.segment
	m := a.common()
	m.Issuer = a.name + "/" + a.issuer + "/"
	m.Token, m.Authorization = at+"/oauth2/token", at+"/oauth2/authorize"
	m.Device, m.EndSession = at+"/oauth2/devicecode", at+"/oauth2/logout"
	m.Keys, m.UserInfo = at+"/discovery/keys", at+"/openid/userinfo"
	m.ResponseTypes = []string{"code", "id_token", "code id_token", "token id_token", "token"}
	m.Scopes, m.MultiRefresh = []string{"openid"}, true
	m.Claims = []string{"sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name", "msgraph_host",
		"aud", "exp", "iat", "auth_time", "acr", "amr", "nonce", "email", "given_name", "family_name", "nickname", "upn", "unique_name", "tid", "ver"}
	return m
}

// instance tells a client whether the authority it was given is one (section
// 1.5). The hosts that we answer under are aliases of each other.
func (e *Edge) instance(w http.ResponseWriter, r *http.Request) error {
	asked, err := url.Parse(r.URL.Query().Get("authorization_endpoint"))
	if err != nil || asked.Scheme != "https" || !e.Hosts.Known(&http.Request{Host: asked.Host}) {
		return fault.Because(fault.Invalid, unknownInstance, "Unknown or invalid instance.").
			WithFix("Name an authority of this installation, such as %s/{tenant}.", e.Hosts.Own)
	}
	base := e.Hosts.Base(&http.Request{Host: asked.Host})
	segment, _, _ := strings.Cut(strings.TrimPrefix(asked.Path, "/"), "/")
	if !shared(segment) && !ids.Valid(segment) {
		if segment, err = tenant.ParseDomain(segment); err != nil {
			segment = "common"
		}
	}
	var aliases []string
	for _, name := range append([]string{e.Hosts.Own}, e.Hosts.Also...) {
		aliases = append(aliases, hostOf(name))
	}
	return writeJSON(w, http.StatusOK, map[string]any{
		"tenant_discovery_endpoint": base + "/" + strings.ToLower(segment) + "/v2.0/.well-known/openid-configuration",
		"api-version":               "1.1",
		"metadata": []map[string]any{{
			"preferred_network": hostOf(base), "preferred_cache": hostOf(base), "aliases": aliases,
		}},
	})
}

func hostOf(base string) string {
	_, host, _ := strings.Cut(base, "://")
	return host
}
