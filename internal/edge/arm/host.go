package arm

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"
	"time"

	"entente/internal/core/managedidentity"
	"entente/internal/kit/fault"
)

// hostBody is a host on the wire.
type hostBody struct {
	ID         string               `json:"id"`
	Name       string               `json:"name"`
	Type       string               `json:"type"`
	Kind       string               `json:"kind,omitempty"`
	Location   string               `json:"location"`
	Tags       managedidentity.Tags `json:"tags"`
	Identity   identityBlock        `json:"identity"`
	Properties map[string]any       `json:"properties"`
}

// identityBlock is a host's identities on the wire.
type identityBlock struct {
	Type        string                  `json:"type"`
	PrincipalID string                  `json:"principalId,omitempty"`
	TenantID    string                  `json:"tenantId,omitempty"`
	Assigned    map[string]assignedBody `json:"userAssignedIdentities,omitempty"`
}

type assignedBody struct {
	PrincipalID string `json:"principalId"`
	ClientID    string `json:"clientId"`
}

func showHost(h *managedidentity.Host) hostBody {
	properties := make(map[string]any)
	json.Unmarshal(h.Properties, &properties)
	maps.Copy(properties, map[string]any{"provisioningState": "Succeeded"})
	switch h.Type {
	case managedidentity.TypeMachine:
		properties["vmId"] = h.HostID
	case managedidentity.TypeAutomation, managedidentity.TypeWorkflow:
		properties["creationTime"] = h.CreatedAt.Format(time.RFC3339)
	}
	return hostBody{h.ID(), h.Name, h.Type, h.Kind, h.Location, h.Tags, showIdentities(h), properties}
}

func showIdentities(h *managedidentity.Host) identityBlock {
	var b identityBlock
	var kinds []string
	if h.System.On() {
		kinds = append(kinds, "SystemAssigned")
		b.PrincipalID, b.TenantID = string(h.System.Principal), string(h.Tenant)
	}
	if len(h.Assigned) > 0 {
		kinds = append(kinds, "UserAssigned")
		b.Assigned = make(map[string]assignedBody)
		for _, i := range h.Assigned {
			b.Assigned[i.ID()] = assignedBody{string(i.Principal), string(i.Client)}
		}
	}
	if b.Type = strings.Join(kinds, ", "); b.Type == "" {
		b.Type = "None"
	}
	return b
}

// hostSpec reads what the body says of a host. whole is true for a PUT, whose
// identities are all that shall be; a PATCH adds, and takes away by null.
func (c *call) hostSpec(whole bool) (s managedidentity.HostSpec, err error) {
	var in struct {
		Location   *string
		Kind       *string
		Tags       managedidentity.Tags
		Properties map[string]any
		Identity   *struct {
			Type     string
			Assigned map[string]json.RawMessage `json:"userAssignedIdentities"`
		}
	}
	if err := c.body(&in); err != nil {
		return s, err
	}
	s = managedidentity.HostSpec{Location: in.Location, Kind: in.Kind, Tags: in.Tags}
	if in.Properties != nil {
		if s.Properties, err = json.Marshal(in.Properties); err != nil {
			return s, err
		}
	}
	if in.Identity != nil {
		s.Identity, err = readIdentities(in.Identity.Type, in.Identity.Assigned, whole)
	}
	return s, err
}

// readIdentities understands an identity block: a type and a map whose keys are
// resource identifiers and whose null values take away.
func readIdentities(typ string, assigned map[string]json.RawMessage, whole bool) (*managedidentity.IdentityBlock, error) {
	b := &managedidentity.IdentityBlock{}
	user := false
	for word := range strings.SplitSeq(typ, ",") {
		switch strings.ToLower(strings.TrimSpace(word)) {
		case "systemassigned":
			b.System = true
		case "userassigned":
			user = true
		case "none":
		default:
			return nil, fault.InvalidAt("identity.type", "The identity type '%.60s' is not valid.", typ)
		}
	}
	if !user {
		b.Only = true
		if len(assigned) > 0 && whole {
			return nil, fault.InvalidAt("identity.userAssignedIdentities", "The identity type '%.60s' has no user-assigned identities.", typ)
		}
		return b, nil
	}
	b.Only = whole && assigned != nil
	for id, value := range assigned {
		r, err := managedidentity.ParseResource(id)
		if err != nil {
			return nil, err
		}
		if string(value) == "null" {
			b.Remove = append(b.Remove, r)
		} else {
			b.Add = append(b.Add, r)
		}
	}
	return b, nil
}

func (c *call) putHost() error {
	spec, err := c.hostSpec(true)
	if err != nil {
		return err
	}
	h, created, err := c.Identities.PutHost(c.r.Context(), c.who, c.target.resource, spec)
	if err != nil {
		return err
	}
	return c.made(created, showHost(h))
}

func (c *call) patchHost() error {
	spec, err := c.hostSpec(false)
	if err != nil {
		return err
	}
	h, err := c.Identities.PatchHost(c.r.Context(), c.who, c.target.resource, spec)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, showHost(h))
}

func (c *call) getHost() error {
	h, err := c.Identities.Host(c.r.Context(), c.who, c.target.resource)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, showHost(h))
}

func (c *call) deleteHost() error {
	existed, err := c.Identities.DeleteHost(c.r.Context(), c.who, c.target.resource)
	if err != nil {
		return err
	}
	return c.gone(existed)
}

func (c *call) hosts() error {
	p, err := c.page()
	if err != nil {
		return err
	}
	all, next, err := c.Identities.Hosts(c.r.Context(), c.who, c.target.subscription, c.target.group, c.target.typ, p)
	if err != nil {
		return err
	}
	return c.list(each(all, showHost), next)
}

// createEnrollment answers with a one-time token. It is in no other answer.
func (c *call) createEnrollment() error {
	in := struct {
		Seconds int `json:"lifetimeSeconds"`
	}{}
	if c.r.ContentLength != 0 {
		if err := c.body(&in); err != nil {
			return err
		}
	}
	if in.Seconds < 0 || in.Seconds > 366*24*3600 {
		return fault.InvalidAt("lifetimeSeconds", "The lifetime is out of range.")
	}
	e, err := c.Identities.AddEnrollment(c.r.Context(), c.who, c.target.resource, time.Duration(in.Seconds)*time.Second)
	if err != nil {
		return err
	}
	c.w.Header().Set("Cache-Control", "no-store")
	return c.answer(http.StatusOK, map[string]any{
		"token": e.Token.Reveal(), "expiresOn": e.ExpiresAt.Format(time.RFC3339), "hostId": e.Host, "tenantId": e.Tenant,
	})
}

func (c *call) revokeKeys() error {
	n, err := c.Identities.RevokeKeys(c.r.Context(), c.who, c.target.resource)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, map[string]any{"revoked": n})
}
