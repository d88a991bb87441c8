package offer

import (
	"strings"
	"time"
	"unicode/utf8"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// A Catalog holds resources and the access packages made of their roles. Graph's
// accessPackageCatalog.
type Catalog struct {
	Tenant      ids.TenantID
	ID          ids.CatalogID
	Name        string
	Description string
	Kind        CatalogKind
	Published   bool // nobody can ask for what is in an unpublished one
	External    bool // people from outside can ask as well
	CreatedBy   string
	CreatedAt   time.Time
	ModifiedBy  string
	ModifiedAt  time.Time

	version int64
}

// A CatalogKind is Graph's catalogType.
type CatalogKind string

// The kinds of catalogs.
const (
	UserManaged    CatalogKind = "userManaged"
	ServiceDefault CatalogKind = "serviceDefault" // General, of which each tenant has one
)

// Why what is set up is refused.
const (
	NameTaken  fault.Reason = "entitlement.name_taken"
	TooMany    fault.Reason = "entitlement.too_many"
	BuiltIn    fault.Reason = "entitlement.built_in"
	NotEmpty   fault.Reason = "entitlement.not_empty"
	InUse      fault.Reason = "entitlement.in_use"       // something granted or asked for hangs on it
	BadModel   fault.Reason = "entitlement.bad_model"    // a body that cannot stand; the target is the field's path
	NoPackage  fault.Reason = "entitlement.no_package"   // a policy that says not of which package it is
	NotMatched fault.Reason = "entitlement.not_matching" // things of different catalogs
)

// Limits of what is set up.
// https://learn.microsoft.com/entra/id-governance/governance-service-limits
const (
	mostCatalogs      = 7500
	mostPackages      = 20000
	mostPolicies      = 25000
	mostOrganizations = 2500
	mostExtensions    = 500
	mostSources       = 50 // of an organization

	longestName        = 256
	longestDescription = 1024
)

// GeneralID returns the identifier of the tenant's built-in catalog.
func GeneralID(tenant ids.TenantID) ids.CatalogID {
	return ids.Derived[ids.CatalogID]("catalog", string(tenant), "general")
}

// general returns the tenant's built-in catalog as it is before anybody changes
// it.
func general(tenant ids.TenantID, now time.Time) *Catalog {
	return &Catalog{
		Tenant: tenant, ID: GeneralID(tenant), Name: "General", Description: "Built-in catalog.", Kind: ServiceDefault,
		Published: true, External: true, CreatedAt: now, ModifiedAt: now,
	}
}

// A CatalogChange is what a body says of a catalog; nil is unsaid.
type CatalogChange struct {
	Name        *string
	Description *string
	Published   *bool
	External    *bool
}

// NewCatalog returns a catalog that people manage. What is unsaid is as Terraform
// has it: published, and open to people from outside.
func NewCatalog(tenant ids.TenantID, c CatalogChange, by string, now time.Time) (*Catalog, error) {
	made := &Catalog{
		Tenant: tenant, ID: ids.New[ids.CatalogID](), Kind: UserManaged, Published: true, External: true,
		CreatedBy: by, CreatedAt: now,
	}
	if c.Name == nil {
		return nil, Bad("displayName", "A catalog has a name.")
	}
	return made, made.Change(c, by, now)
}

// Change applies what a body says.
func (c *Catalog) Change(to CatalogChange, by string, now time.Time) error {
	if to.Name != nil {
		if c.Kind == ServiceDefault && *to.Name != c.Name {
			return fault.Because(fault.Forbidden, BuiltIn, "The built-in catalog keeps its name.")
		}
		name, err := nameOf("displayName", *to.Name)
		if err != nil {
			return err
		}
		c.Name = name
	}
	if to.Description != nil {
		if err := short("description", *to.Description, longestDescription); err != nil {
			return err
		}
		c.Description = *to.Description
	}
	if to.Published != nil {
		c.Published = *to.Published
	}
	if to.External != nil {
		c.External = *to.External
	}
	c.ModifiedBy, c.ModifiedAt = by, now
	return nil
}

// Removable refuses to remove the built-in catalog.
func (c *Catalog) Removable() error {
	if c.Kind == ServiceDefault {
		return fault.Because(fault.Forbidden, BuiltIn, "The built-in catalog cannot be deleted.")
	}
	return nil
}

// Bad refuses a body for the value at a path, which the message says too.
func Bad(path, format string, args ...any) error {
	if path != "" {
		format, args = "%s: "+format, append([]any{path}, args...)
	}
	f := fault.Because(fault.Invalid, BadModel, format, args...)
	f.Target = path
	return f
}

// nameOf returns a display name as it is stored.
func nameOf(path, name string) (string, error) {
	name = strings.TrimSpace(name)
	if name == "" {
		return "", Bad(path, "A name is needed.")
	}
	return name, short(path, name, longestName)
}

func short(path, text string, most int) error {
	if utf8.RuneCountInString(text) > most {
		return Bad(path, "The text has more than %d characters.", most)
	}
	return nil
}
