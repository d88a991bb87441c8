package arm

import (
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"entente/internal/core/federation"
	"entente/internal/core/managedidentity"
	"entente/internal/kit/fault"
)

// identityBody is a user-assigned identity on the wire.
type identityBody struct {
	ID         string               `json:"id"`
	Name       string               `json:"name"`
	Type       string               `json:"type"`
	Location   string               `json:"location"`
	Tags       managedidentity.Tags `json:"tags"`
	Properties identityProperties   `json:"properties"`
}

type identityProperties struct {
	Isolation   string `json:"isolationScope,omitempty"`
	TenantID    string `json:"tenantId"`
	PrincipalID string `json:"principalId"`
	ClientID    string `json:"clientId"`
}

func showIdentity(i *managedidentity.Identity) identityBody {
	return identityBody{
		i.ID(), i.Name, i.Type, i.Location, i.Tags,
		identityProperties{i.Isolation, string(i.Tenant), string(i.Principal), string(i.Client)},
	}
}

func (c *call) identitySpec() (s managedidentity.IdentitySpec, err error) {
	var in struct {
		Location   *string
		Tags       managedidentity.Tags
		Properties struct{ IsolationScope *string }
	}
	err = c.body(&in)
	return managedidentity.IdentitySpec{Location: in.Location, Tags: in.Tags, Isolation: in.Properties.IsolationScope}, err
}

func (c *call) putIdentity() error {
	spec, err := c.identitySpec()
	if err != nil {
		return err
	}
	i, created, err := c.Identities.PutIdentity(c.r.Context(), c.who, c.target.resource, spec)
	if err != nil {
		return err
	}
	return c.made(created, showIdentity(i))
}

func (c *call) patchIdentity() error {
	spec, err := c.identitySpec()
	if err != nil {
		return err
	}
	i, err := c.Identities.PatchIdentity(c.r.Context(), c.who, c.target.resource, spec)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, showIdentity(i))
}

func (c *call) getIdentity() error {
	i, err := c.Identities.Identity(c.r.Context(), c.who, c.target.resource)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, showIdentity(i))
}

func (c *call) deleteIdentity() error {
	existed, err := c.Identities.DeleteIdentity(c.r.Context(), c.who, c.target.resource)
	if err != nil {
		return err
	}
	return c.gone(existed)
}

func (c *call) identities() error {
	p, err := c.page()
	if err != nil {
		return err
	}
	all, next, err := c.Identities.Identities(c.r.Context(), c.who, c.target.subscription, c.target.group, p)
	if err != nil {
		return err
	}
	return c.list(each(all, showIdentity), next)
}

// ownIdentity answers with a host's system-assigned identity.
func (c *call) ownIdentity() error {
	h, err := c.Identities.Host(c.r.Context(), c.who, c.target.resource)
	if err != nil {
		return err
	}
	if !h.System.On() {
		return fault.Because(fault.NotFound, managedidentity.NoResource, "The resource '%s' has no system-assigned identity.", h.ID())
	}
	return c.answer(http.StatusOK, identityBody{
		h.ID() + "/providers/Microsoft.ManagedIdentity/identities/default", "default", "Microsoft.ManagedIdentity/identities", h.Location, h.Tags,
		identityProperties{TenantID: string(h.Tenant), PrincipalID: string(h.System.Principal), ClientID: string(h.System.Client)},
	})
}

// parent returns what the credentials of the path belong to, for a caller who
// may read it; whether they may change it, package federation asks.
func (c *call) parent() (federation.Parent, *managedidentity.Identity, error) {
	i, err := c.Identities.Identity(c.r.Context(), c.who, c.target.resource)
	if err != nil {
		return federation.Parent{}, nil, err
	}
	return federation.Parent{Tenant: i.Tenant, Kind: federation.ManagedIdentity, ID: i.Principal}, i, nil
}

func showCredential(i *managedidentity.Identity, f *federation.Credential) map[string]any {
	properties := map[string]any{"issuer": f.Issuer, "subject": f.Subject, "audiences": f.Audiences}
	if f.Expression != nil {
		properties["claimsMatchingExpression"] = f.Expression
	}
	return map[string]any{
		"id":   i.ID() + "/federatedIdentityCredentials/" + f.Name,
		"name": f.Name, "type": managedidentity.TypeIdentity + "/federatedIdentityCredentials", "properties": properties,
	}
}

// warningHeader carries what about a stored credential cannot work
// (doc/divergences.md); Microsoft Graph's edge sends the same one.
const warningHeader = "Entente-Warning"

// putCredential creates or replaces a credential.
func (c *call) putCredential() error {
	var in struct {
		Properties struct {
			Issuer     *string         `json:"issuer"`
			Subject    *string         `json:"subject"`
			Audiences  []string        `json:"audiences"`
			Expression json.RawMessage `json:"claimsMatchingExpression,omitempty"`
		}
	}
	if err := c.body(&in); err != nil {
		return err
	}
	p := in.Properties
	if p.Issuer == nil || p.Subject == nil && p.Expression == nil || len(p.Audiences) == 0 {
		return fault.Because(fault.Invalid, badCredential,
			"The request format was unexpected. Federated Identity Credential must specify 'issuer', 'subject' and 'audience'.")
	}
	text, err := json.Marshal(p)
	if err != nil {
		return err
	}
	parent, i, err := c.parent()
	if err != nil {
		return err
	}
	f, created, warnings, err := c.Federation.Upsert(c.r.Context(), c.who, parent, c.target.name, text)
	if err != nil {
		return err
	}
	for _, w := range warnings {
		c.w.Header().Add(warningHeader, w.Code+"; "+w.Text)
	}
	return c.made(created, showCredential(i, f))
}

func (c *call) getCredential() error {
	parent, i, err := c.parent()
	if err != nil {
		return err
	}
	f, err := c.Federation.Get(c.r.Context(), c.who, parent, c.target.name)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, showCredential(i, f))
}

func (c *call) deleteCredential() error {
	parent, _, err := c.parent()
	if err != nil {
		return err
	}
	err = c.Federation.Delete(c.r.Context(), c.who, parent, c.target.name)
	if errors.Is(err, fault.NotFound) {
		return c.gone(false)
	}
	if err != nil {
		return err
	}
	return c.gone(true)
}

// credentials lists an identity's credentials by name.
func (c *call) credentials() error {
	p, err := c.page()
	if err != nil {
		return err
	}
	parent, i, err := c.parent()
	if err != nil {
		return err
	}
	all, err := c.Federation.List(c.r.Context(), c.who, parent)
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(f *federation.Credential) bool { return f.Name <= p.After })
	slices.SortFunc(all, func(a, b *federation.Credential) int {
		if a.Name < b.Name {
			return -1
		}
		return 1
	})
	next := ""
	if p.Limit > 0 && len(all) > p.Limit {
		all = all[:p.Limit]
		next = all[p.Limit-1].Name
	}
	return c.list(each(all, func(f *federation.Credential) map[string]any { return showCredential(i, f) }), next)
}
