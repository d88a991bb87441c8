package arm

import (
	"net/http"
	"regexp"
	"strings"
	"time"

	"entente/internal/core/managedidentity"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

const authorization = "/providers/Microsoft.Authorization"

// showRole returns a role assignment. Its scope is spelled as it was given,
// because Terraform takes another spelling for another scope.
func showRole(r managedidentity.Role) map[string]any {
	return map[string]any{
		"id":   r.Shown + authorization + "/roleAssignments/" + r.ID,
		"name": r.ID, "type": "Microsoft.Authorization/roleAssignments",
		"properties": map[string]any{
			"roleDefinitionId": definitionID(r.Subscription, r.Definition), "principalId": r.Principal, "principalType": r.PrincipalType,
			"scope": r.Shown, "createdOn": r.CreatedAt.Format(time.RFC3339Nano), "updatedOn": r.CreatedAt.Format(time.RFC3339Nano),
			"createdBy": r.CreatedBy, "updatedBy": r.CreatedBy,
		},
	}
}

func definitionID(sub managedidentity.SubscriptionID, id managedidentity.DefinitionID) string {
	prefix := ""
	if sub != "" {
		prefix = managedidentity.SubscriptionScope(sub)
	}
	return prefix + authorization + "/roleDefinitions/" + string(id)
}

func (c *call) putRole() error {
	var in struct {
		Properties struct {
			RoleDefinitionID string
			PrincipalID      ids.ObjectID
			PrincipalType    string
		}
	}
	if err := c.body(&in); err != nil {
		return err
	}
	r, created, err := c.Identities.PutRole(c.r.Context(), c.who, managedidentity.Role{
		ID: c.target.name, Scope: c.target.scope, Principal: in.Properties.PrincipalID,
		PrincipalType: in.Properties.PrincipalType, Definition: managedidentity.DefinitionID(in.Properties.RoleDefinitionID),
	})
	if err != nil {
		return err
	}
	return c.made(created, showRole(*r))
}

func (c *call) getRole() error {
	r, err := c.Identities.Role(c.r.Context(), c.who, c.target.scope, c.target.name)
	if err != nil {
		return err
	}
	return c.answer(http.StatusOK, showRole(r))
}

func (c *call) deleteRole() error {
	r, err := c.Identities.DeleteRole(c.r.Context(), c.who, c.target.scope, c.target.name)
	if err != nil {
		return err
	}
	if r == nil {
		return c.gone(false)
	}
	return c.answer(http.StatusOK, showRole(*r))
}

// principalFilter is the one filter over assignments that clients send beside
// atScope(), which changes nothing here.
var principalFilter = regexp.MustCompile(`(?i)^(?:atScope\(\) and )?(?:principalId eq |assignedTo\()'([0-9a-f-]{36})'\)?$`)

// roles lists the assignments that concern a scope.
func (c *call) roles() error {
	var principal ids.ObjectID
	switch f := strings.TrimSpace(c.query.Get("$filter")); {
	case f == "", strings.EqualFold(f, "atScope()"):
	default:
		m := principalFilter.FindStringSubmatch(f)
		if m == nil {
			return fault.Because(fault.Invalid, badContent, "The filter '%.200s' is not supported. Supported filters are either 'atScope()' or 'principalId eq '{value}' or a combination of both.", f)
		}
		principal = ids.ObjectID(strings.ToLower(m[1]))
	}
	all, err := c.Identities.Roles(c.r.Context(), c.who, c.target.scope)
	if err != nil {
		return err
	}
	shown := make([]any, 0, len(all))
	for _, r := range all {
		if principal == "" || r.Principal == principal {
			shown = append(shown, showRole(r))
		}
	}
	return c.list(shown, "")
}

func (c *call) showDefinition(d managedidentity.Definition) map[string]any {
	return map[string]any{
		"id":   definitionID(c.target.subscription, d.ID),
		"name": d.ID, "type": "Microsoft.Authorization/roleDefinitions",
		"properties": map[string]any{
			"roleName": d.Name, "type": "BuiltInRole", "description": d.Description, "assignableScopes": []string{"/"},
			"permissions": []any{map[string]any{"actions": d.Allows, "notActions": []string{}, "dataActions": []string{}, "notDataActions": []string{}}},
		},
	}
}

// nameFilter is the filter by which clients find a role.
var nameFilter = regexp.MustCompile(`(?i)^(?:atScopeAndBelow\(\) and )?roleName eq '([^']*)'$`)

// definitions lists the built-in roles, or the one that a filter names.
func (c *call) definitions() error {
	var name string
	if f := strings.TrimSpace(c.query.Get("$filter")); f != "" {
		m := nameFilter.FindStringSubmatch(f)
		if m == nil {
			return fault.Because(fault.Invalid, badContent, "The filter '%.200s' is not supported.", f)
		}
		name = m[1]
	}
	shown := []any{}
	for _, d := range managedidentity.Definitions() {
		if name == "" || strings.EqualFold(d.Name, name) {
			shown = append(shown, c.showDefinition(d))
		}
	}
	return c.list(shown, "")
}

func (c *call) definition() error {
	d, ok := managedidentity.DefinitionOf(c.target.name)
	if !ok {
		return fault.Because(fault.NotFound, managedidentity.NoResource, "The specified role definition with ID '%.64s' does not exist.", c.target.name)
	}
	return c.answer(http.StatusOK, c.showDefinition(d))
}
