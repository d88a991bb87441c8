package offer

import (
	"regexp"
	"strings"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// An Organization is one from which people come: a tenant, a domain, an upstream
// issuer. Graph's connectedOrganization.
type Organization struct {
	Tenant      ids.TenantID
	ID          ids.OrganizationID
	Name        string
	Description string
	State       OrganizationState
	Sources     []Source
	CreatedBy   string
	CreatedAt   time.Time
	ModifiedBy  string
	ModifiedAt  time.Time

	version int64
}

// An OrganizationState says whether an administrator has agreed to an
// organization.
type OrganizationState string

// The states.
const (
	Configured OrganizationState = "configured"
	Proposed   OrganizationState = "proposed" // made because somebody came from it
)

// A Source is where people of an organization sign in. Graph's identitySource.
type Source struct {
	Kind   SourceKind
	Home   ids.TenantID // of a tenant
	Cloud  string       // of a tenant of another cloud
	Domain string       // of a domain, or a federated one
	Issuer string       // of a federated domain
	Social string       // facebook …
	Name   string
}

// A SourceKind is Graph's type of an identity source, without its prefix.
type SourceKind string

// The kinds.
const (
	TenantSource     SourceKind = "azureActiveDirectoryTenant"
	CloudSource      SourceKind = "crossCloudAzureActiveDirectoryTenant"
	DomainSource     SourceKind = "domainIdentitySource"
	FederationSource SourceKind = "externalDomainFederation"
	SocialSource     SourceKind = "socialIdentitySource"
)

// SourceTaken is the Reason of a tenant or domain that another organization has.
const SourceTaken fault.Reason = "entitlement.source_taken"

// key returns the space in which the source is unique, and its value there.
func (s Source) key() (space, value string) {
	switch s.Kind {
	case TenantSource, CloudSource:
		return "tenant", string(s.Home)
	case DomainSource, FederationSource:
		return "domain", s.Domain
	}
	return "social", s.Social
}

// check refuses a source that names nothing, and folds what it names.
func (s *Source) check(path string) error {
	s.Domain, s.Social = strings.ToLower(strings.TrimSpace(s.Domain)), strings.TrimSpace(s.Social)
	switch s.Kind {
	case TenantSource, CloudSource:
		id, err := ids.Parse[ids.TenantID](string(s.Home))
		if err != nil {
			return Bad(path+".tenantId", "An organization's tenant is named by its identifier.")
		}
		s.Home = id
		if s.Kind == CloudSource && !hostName.MatchString(s.Cloud) {
			return Bad(path+".cloudInstance", "A tenant of another cloud needs the cloud's host name.")
		}
	case DomainSource, FederationSource:
		if !hostName.MatchString(s.Domain) {
			return Bad(path+".domainName", "'%.100s' is no domain name.", s.Domain)
		}
		if s.Kind == FederationSource && (s.Issuer == "" || len(s.Issuer) > 1024) {
			return Bad(path+".issuerUri", "A federated domain needs its issuer.")
		}
	case SocialSource:
		if s.Social == "" || len(s.Social) > 64 {
			return Bad(path+".socialIdentitySourceType", "A social identity source needs its provider.")
		}
	default:
		return Bad(path, "An identity source has one of the types azureActiveDirectoryTenant, crossCloudAzureActiveDirectoryTenant, domainIdentitySource, externalDomainFederation and socialIdentitySource.")
	}
	return short(path+".displayName", s.Name, longestName)
}

// hostName is what may be a domain.
var hostName = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)

// An OrganizationChange is what a body says of an organization; nil is unsaid.
type OrganizationChange struct {
	Name        *string
	Description *string
	State       *OrganizationState
	Sources     []Source // nil is unsaid
}

// NewOrganization returns an organization; it is configured unless the body says
// otherwise.
func NewOrganization(tenant ids.TenantID, to OrganizationChange, by string, now time.Time) (*Organization, error) {
	o := &Organization{Tenant: tenant, ID: ids.New[ids.OrganizationID](), State: Configured, CreatedBy: by, CreatedAt: now}
	if to.Name == nil {
		return nil, Bad("displayName", "A connected organization has a name.")
	}
	if len(to.Sources) == 0 {
		return nil, Bad("identitySources", "A connected organization has an identity source: where its people sign in.")
	}
	return o, o.Change(to, by, now)
}

// Change applies what a body says.
func (o *Organization) Change(to OrganizationChange, by string, now time.Time) error {
	if to.Name != nil {
		name, err := nameOf("displayName", *to.Name)
		if err != nil {
			return err
		}
		o.Name = name
	}
	if to.Description != nil {
		if err := short("description", *to.Description, longestDescription); err != nil {
			return err
		}
		o.Description = *to.Description
	}
	if to.State != nil {
		if *to.State != Configured && *to.State != Proposed {
			return Bad("state", "The state is configured or proposed.")
		}
		o.State = *to.State
	}
	if to.Sources != nil {
		if err := o.comeFrom(to.Sources); err != nil {
			return err
		}
	}
	o.ModifiedBy, o.ModifiedAt = by, now
	return nil
}

// comeFrom takes the sources, each once.
func (o *Organization) comeFrom(sources []Source) error {
	if len(sources) == 0 || len(sources) > mostSources {
		return Bad("identitySources", "A connected organization has one to %d identity sources.", mostSources)
	}
	type key struct{ space, value string }
	seen := make(map[key]bool)
	o.Sources = make([]Source, len(sources))
	for i, s := range sources {
		if err := s.check(At("identitySources", i)); err != nil {
			return err
		}
		if s.Kind == TenantSource && s.Home == o.Tenant {
			return Bad(At("identitySources", i)+".tenantId", "The tenant itself is no organization to connect.")
		}
		space, value := s.key()
		if seen[key{space, value}] {
			return Bad(At("identitySources", i), "The identity source stands there twice.")
		}
		seen[key{space, value}] = true
		o.Sources[i] = s
	}
	return nil
}

// A Provenance is how somebody proved who they are, elsewhere: at a tenant, with
// an issuer for a domain, or by receiving mail there. It is what decides to which
// organization they belong; their address alone decides nothing.
type Provenance struct {
	Home   ids.TenantID // the tenant at which they signed in, or empty
	Domain string       // the domain that was proved, where Home is empty
	Issuer string       // who proved it; empty for a one-time passcode
}

// Sponsors are who speaks for an organization: people and groups of the tenant,
// and guests who came from it.
type Sponsors struct {
	Internal []ids.ObjectID
	External []ids.ObjectID
}

// mostSponsors is how many sponsors of each kind an organization has.
const mostSponsors = 50
