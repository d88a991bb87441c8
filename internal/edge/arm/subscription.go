package arm

import (
	"net/http"
	"strings"

	"github.com/google/uuid"

	"entente/internal/core/managedidentity"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/sqldb"
)

func showSubscription(s *managedidentity.Subscription) map[string]any {
	return map[string]any{
		"id": managedidentity.SubscriptionScope(s.ID), "subscriptionId": s.ID, "tenantId": s.Tenant, "displayName": s.DisplayName,
		"state": "Enabled", "authorizationSource": "RoleBased", "managedByTenants": []any{},
		"subscriptionPolicies": map[string]string{"locationPlacementId": "Public_2014-09-01", "quotaId": "PayAsYouGo_2014-09-01", "spendingLimit": "Off"},
	}
}

// subscriptions lists those on which the caller has a role. Who has none gets
// an empty list: command lines sign in with it.
func (c *call) subscriptions() error {
	all, err := c.Identities.Subscriptions(c.r.Context(), c.who)
	if err != nil {
		return err
	}
	body := map[string]any{"value": each(all, showSubscription)}
	if len(all) > 0 {
		body["count"] = map[string]any{"type": "Total", "value": len(all)}
	}
	return c.answer(http.StatusOK, body)
}

func (c *call) subscription() error {
	s, err := c.Identities.Subscription(c.r.Context(), c.who, c.target.subscription)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, showSubscription(s))
}

// An alias is a name under which a subscription is made. The subscription's
// identifier follows from tenant and alias, so that making it again finds it.
// https://learn.microsoft.com/rest/api/subscription/alias
func (c *call) alias() managedidentity.SubscriptionID {
	space := uuid.NewSHA1(uuid.NameSpaceURL, []byte("urn:entente:subscription-alias"))
	return managedidentity.SubscriptionID(uuid.NewSHA1(space, []byte(string(c.who.Tenant)+"/"+strings.ToLower(c.target.name))).String())
}

func (c *call) showAlias(s *managedidentity.Subscription) map[string]any {
	return map[string]any{
		"id": "/providers/Microsoft.Subscription/aliases/" + c.target.name, "name": c.target.name, "type": "Microsoft.Subscription/aliases",
		"properties": map[string]any{"subscriptionId": s.ID, "displayName": s.DisplayName, "provisioningState": "Succeeded"},
	}
}

func (c *call) getAlias() error {
	s, err := c.Identities.Subscription(c.r.Context(), c.who, c.alias())
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, c.showAlias(s))
}

func (c *call) putAlias() error {
	var in struct{ Properties struct{ DisplayName string } }
	if err := c.body(&in); err != nil {
		return err
	}
	if s, err := c.Identities.Subscription(c.r.Context(), c.who, c.alias()); err == nil {
		return c.answer(http.StatusOK, c.showAlias(s))
	}
	name := in.Properties.DisplayName
	if name == "" {
		name = c.target.name
	}
	s, err := c.Identities.AddSubscription(c.r.Context(), c.who, c.alias(), name)
	if err != nil {
		return err
	}
	return c.answer(http.StatusCreated, c.showAlias(s))
}

// tenants lists the caller's tenant, the only one a token is good for.
func (c *call) tenants() error {
	var t *tenant.Tenant
	err := c.DB.View(c.r.Context(), func(tx *sqldb.Tx) (err error) {
		t, err = tenant.Get(c.r.Context(), tx, c.who.Tenant)
		return err
	})
	if err != nil {
		return err
	}
	domains := make([]string, 0, len(t.Domains))
	for _, d := range t.Domains {
		if d.Verified {
			domains = append(domains, d.Name)
		}
	}
	return c.list([]any{map[string]any{
		"id": "/tenants/" + string(t.ID), "tenantId": t.ID, "displayName": t.DisplayName, "defaultDomain": t.DefaultDomain(),
		"domains": domains, "tenantCategory": "Home", "tenantType": "AAD", "countryCode": "",
	}}, "")
}

func showGroup(g *managedidentity.Group) map[string]any {
	return map[string]any{
		"id": g.ID(), "name": g.Name, "type": "Microsoft.Resources/resourceGroups", "location": g.Location, "tags": g.Tags,
		"properties": map[string]string{"provisioningState": "Succeeded"},
	}
}

func (c *call) groups() error {
	p, err := c.page()
	if err != nil {
		return err
	}
	all, next, err := c.Identities.Groups(c.r.Context(), c.who, c.target.subscription, p)
	if err != nil {
		return err
	}
	return c.list(each(all, showGroup), next)
}

func (c *call) getGroup() error {
	g, err := c.Identities.Group(c.r.Context(), c.who, c.target.subscription, c.target.group)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, showGroup(g))
}

// headGroup answers 204 when the group exists and 404 when it does not.
func (c *call) headGroup() error {
	if _, err := c.Identities.Group(c.r.Context(), c.who, c.target.subscription, c.target.group); err != nil {
		return err
	}
	c.w.WriteHeader(http.StatusNoContent)
	return nil
}

type groupBody struct {
	Location string
	Tags     managedidentity.Tags
}

func (c *call) putGroup() error {
	var in groupBody
	if err := c.body(&in); err != nil {
		return err
	}
	g, created, err := c.Identities.PutGroup(c.r.Context(), c.who, c.target.subscription, c.target.group, in.Location, in.Tags)
	if err != nil {
		return err
	}
	return c.made(created, showGroup(g))
}

// patchGroup changes the tags of a group that exists.
func (c *call) patchGroup() error {
	var in groupBody
	if err := c.body(&in); err != nil {
		return err
	}
	g, err := c.Identities.Group(c.r.Context(), c.who, c.target.subscription, c.target.group)
	if err != nil {
		return err
	}
	if in.Tags == nil {
		in.Tags = g.Tags
	}
	g, _, err = c.Identities.PutGroup(c.r.Context(), c.who, c.target.subscription, g.Name, g.Location, in.Tags)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, showGroup(g))
}

// deleteGroup has removed all when it answers, so that there is nothing to
// poll: 200, or 404 for a group that is not there.
func (c *call) deleteGroup() error {
	existed, err := c.Identities.DeleteGroup(c.r.Context(), c.who, c.target.subscription, c.target.group)
	if err != nil {
		return err
	}
	if !existed {
		return fault.Because(fault.NotFound, managedidentity.NoGroup, "Resource group '%s' could not be found.", c.target.group)
	}
	return c.gone(true)
}

// groupContent lists what is in a group: the hosts, then the identities. The
// first letter of a page's start says of which.
func (c *call) groupContent() error {
	p, err := c.page()
	if err != nil {
		return err
	}
	ctx, t := c.r.Context(), c.target
	type entry struct {
		ID       string `json:"id"`
		Name     string `json:"name"`
		Type     string `json:"type"`
		Location string `json:"location"`
	}
	if after, ofIdentities := strings.CutPrefix(p.After, "i"); ofIdentities {
		p.After = after
		all, next, err := c.Identities.Identities(ctx, c.who, t.subscription, t.group, p)
		if err != nil {
			return err
		}
		if next != "" {
			next = "i" + next
		}
		return c.list(each(all, func(i *managedidentity.Identity) entry { return entry{i.ID(), i.Name, i.Type, i.Location} }), next)
	}
	p.After = strings.TrimPrefix(p.After, "h")
	all, next, err := c.Identities.Hosts(ctx, c.who, t.subscription, t.group, "", p)
	if err != nil {
		return err
	}
	if next = "h" + next; next == "h" {
		next = "i"
	}
	return c.list(each(all, func(h *managedidentity.Host) entry { return entry{h.ID(), h.Name, h.Type, h.Location} }), next)
}

// namespaces are the resource providers that are served. They need no
// registration and are always registered.
var namespaces = []struct {
	name  string
	types []string
}{
	{"Microsoft.Authorization", []string{"roleAssignments", "roleDefinitions"}},
	{"Microsoft.Automation", []string{"automationAccounts"}},
	{"Microsoft.Compute", []string{"virtualMachines"}},
	{"Microsoft.Logic", []string{"workflows"}},
	{"Microsoft.ManagedIdentity", []string{"userAssignedIdentities", "userAssignedIdentities/federatedIdentityCredentials", "identities"}},
	{"Microsoft.Resources", []string{"resourceGroups", "subscriptions", "tenants"}},
	{"Microsoft.Web", []string{"sites"}},
}

func (c *call) showProvider(name string, types []string) map[string]any {
	return map[string]any{
		"id":        managedidentity.SubscriptionScope(c.target.subscription) + "/providers/" + name,
		"namespace": name, "registrationState": "Registered", "registrationPolicy": "RegistrationFree",
		"resourceTypes": each(types, func(t string) map[string]any {
			return map[string]any{"resourceType": t, "locations": []string{}, "apiVersions": []string{"2024-11-30", "2023-01-31"}}
		}),
	}
}

func (c *call) providers() error {
	if _, err := c.Identities.Subscription(c.r.Context(), c.who, c.target.subscription); err != nil {
		return err
	}
	all := make([]any, 0, len(namespaces))
	for _, n := range namespaces {
		all = append(all, c.showProvider(n.name, n.types))
	}
	return c.list(all, "")
}

// provider answers with one provider, and so does registering it.
func (c *call) provider() error {
	if _, err := c.Identities.Subscription(c.r.Context(), c.who, c.target.subscription); err != nil {
		return err
	}
	for _, n := range namespaces {
		if strings.EqualFold(n.name, c.target.name) {
			return c.answer(http.StatusOK, c.showProvider(n.name, n.types))
		}
	}
	return fault.Because(fault.NotFound, wrongType, "The resource namespace '%.100s' is not served here.", c.target.name)
}
