package directory

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"entente/internal/core/object"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// A Group is a security group or a Microsoft 365 group of one tenant. The
// members with JSON names are Graph's.
// https://learn.microsoft.com/graph/api/resources/group?view=graph-rest-1.0
type Group struct {
	Tenant ids.TenantID `json:"-"`
	GroupFace
	GroupRest

	CreatedAt time.Time `json:"-"`
	version   int64
}

// GroupFace is what Graph shows of a group by default.
type GroupFace struct {
	ID                   ids.ObjectID      `json:"id"`
	DeletedDateTime      *time.Time        `json:"deletedDateTime"`
	Classification       *string           `json:"classification"`
	CreatedDateTime      *time.Time        `json:"createdDateTime"`
	CreationOptions      []string          `json:"creationOptions"`
	Description          *string           `json:"description"`
	DisplayName          string            `json:"displayName"`
	Expiration           *time.Time        `json:"expirationDateTime"`
	GroupTypes           []string          `json:"groupTypes"`
	InfoCatalogs         []string          `json:"infoCatalogs"`
	IsAssignableToRole   *bool             `json:"isAssignableToRole"`
	Mail                 *string           `json:"mail"`
	MailEnabled          *bool             `json:"mailEnabled"`
	MailNickname         string            `json:"mailNickname"`
	MembershipRule       *string           `json:"membershipRule"`
	RuleProcessingState  *string           `json:"membershipRuleProcessingState"`
	OnPremisesDomain     *string           `json:"onPremisesDomainName"`
	OnPremisesLastSync   *time.Time        `json:"onPremisesLastSyncDateTime"`
	OnPremisesNetBIOS    *string           `json:"onPremisesNetBiosName"`
	OnPremisesSAM        *string           `json:"onPremisesSamAccountName"`
	OnPremisesSID        *string           `json:"onPremisesSecurityIdentifier"`
	OnPremisesSync       *bool             `json:"onPremisesSyncEnabled"`
	DataLocation         *string           `json:"preferredDataLocation"`
	Language             *string           `json:"preferredLanguage"`
	ProxyAddresses       []string          `json:"proxyAddresses"`
	Renewed              *time.Time        `json:"renewedDateTime"`
	ResourceBehavior     []string          `json:"resourceBehaviorOptions"`
	ResourceProvisioning []string          `json:"resourceProvisioningOptions"`
	SecurityEnabled      *bool             `json:"securityEnabled"`
	SecurityIdentifier   string            `json:"securityIdentifier"`
	Theme                *string           `json:"theme"`
	UniqueName           *string           `json:"uniqueName"`
	Visibility           *string           `json:"visibility"`
	OnPremisesErrors     []json.RawMessage `json:"onPremisesProvisioningErrors"`
	ServiceErrors        []json.RawMessage `json:"serviceProvisioningErrors"`
}

// GroupRest is what Graph shows of a group when asked for.
type GroupRest struct {
	AllowExternalSenders *bool             `json:"allowExternalSenders"`
	AssignedLabels       []json.RawMessage `json:"assignedLabels"`
	AssignedLicenses     []json.RawMessage `json:"assignedLicenses"`
	AutoSubscribe        *bool             `json:"autoSubscribeNewMembers"`
	HideFromAddressLists *bool             `json:"hideFromAddressLists"`
	HideFromClients      *bool             `json:"hideFromOutlookClients"`
	IsArchived           *bool             `json:"isArchived"` // of its team
	IsRestricted         *bool             `json:"isManagementRestricted"`
	Writeback            *Writeback        `json:"writebackConfiguration"`
}

// A Writeback says whether a group is to be written to a directory on premises.
type Writeback struct {
	IsEnabled *bool   `json:"isEnabled"`
	GroupType *string `json:"onPremisesGroupType"`
}

// Types of a group.
const (
	Unified = "Unified"           // a Microsoft 365 group
	Dynamic = "DynamicMembership" // its members follow from a rule
)

// TeamOption is the resource provisioning option of a group that has a team.
const TeamOption = "Team"

// Visibilities of a group.
const (
	Public           = "Public"
	Private          = "Private"
	HiddenMembership = "HiddenMembership"
)

// Why a group is refused.
const (
	MailEnabledGroup fault.Reason = "directory.mail_enabled_group" // neither security nor Microsoft 365
	DynamicGroup     fault.Reason = "directory.dynamic_group"
)

// groupLimits are the greatest lengths of text properties, in characters.
var groupLimits = map[string]int{
	"displayName": 256, "description": 1024, "mailNickname": 64, "classification": 256, "uniqueName": 256,
	"preferredLanguage": 64, "preferredDataLocation": 16, "theme": 16,
	"onPremisesDomainName": 256, "onPremisesNetBiosName": 256, "onPremisesSamAccountName": 256,
}

// maxOptions bounds each list of options that a client may send.
const maxOptions = 20

// NewGroup returns the group that a Graph body describes.
func NewGroup(home *tenant.Tenant, body []byte, now time.Time) (*Group, error) {
	now = now.Truncate(time.Second) // Graph shows seconds
	id := ids.New[ids.ObjectID]()
	start := &Group{GroupFace: GroupFace{ID: id, CreatedDateTime: &now, Renewed: &now, SecurityIdentifier: securityIdentifier(id)}}
	g := &Group{}
	if err := object.Merge(start, body, g); err != nil {
		return nil, err
	}
	g.keep(start)
	g.Tenant, g.CreatedAt, g.version = home.ID, now, 1
	if err := g.required(); err != nil {
		return nil, err
	}
	if err := g.checkKind(); err != nil {
		return nil, err
	}
	if g.mailed() {
		mail := g.MailNickname + "@" + home.DefaultDomain()
		g.Mail, g.ProxyAddresses = &mail, []string{"SMTP:" + mail}
	}
	g.Visibility = g.visible()
	return g, g.check()
}

// visible returns the visibility of a new group: security groups have none.
func (g *Group) visible() *string {
	public, private := Public, Private
	switch {
	case g.AssignableToRole():
		return &private
	case !g.Unified():
		return nil
	case g.Visibility == nil:
		return &public
	}
	return g.Visibility
}

// Apply returns the group as a Graph body changes it.
func (g *Group) Apply(body []byte) (*Group, error) {
	h := &Group{}
	if err := object.Merge(g, body, h); err != nil {
		return nil, err
	}
	h.keep(g)
	h.Tenant, h.CreatedAt, h.version = g.Tenant, g.CreatedAt, g.version
	h.MailEnabled, h.IsAssignableToRole, h.UniqueName = g.MailEnabled, g.IsAssignableToRole, g.UniqueName
	h.ResourceBehavior, h.ResourceProvisioning = g.ResourceBehavior, g.ResourceProvisioning
	switch {
	case h.Hidden() != g.Hidden(), h.Visibility == nil && g.Visibility != nil,
		g.AssignableToRole() && h.Visibility != nil && *h.Visibility != Private: // nobody joins it unasked
		return nil, invalidGroup("visibility")
	case h.Unified() != g.Unified():
		return nil, fault.InvalidAt("groupTypes", "Property 'groupTypes' is read-only and cannot be set.")
	}
	if err := h.required(); err != nil {
		return nil, err
	}
	if err := h.checkKind(); err != nil {
		return nil, err
	}
	return h, h.check()
}

// Hidden reports whether who is in the group is not for everybody to see.
func (g *Group) Hidden() bool { return g.Visibility != nil && *g.Visibility == HiddenMembership }

// keep takes over what only the service sets.
func (g *Group) keep(from *Group) {
	g.ID, g.CreatedDateTime, g.DeletedDateTime, g.Renewed, g.Expiration = from.ID, from.CreatedDateTime, from.DeletedDateTime, from.Renewed, from.Expiration
	g.Mail, g.ProxyAddresses, g.SecurityIdentifier = from.Mail, from.ProxyAddresses, from.SecurityIdentifier
	g.OnPremisesLastSync, g.OnPremisesSID, g.OnPremisesSync = from.OnPremisesLastSync, from.OnPremisesSID, from.OnPremisesSync
	g.OnPremisesErrors, g.ServiceErrors = from.OnPremisesErrors, from.ServiceErrors
	g.CreationOptions, g.InfoCatalogs, g.IsArchived, g.IsRestricted = from.CreationOptions, from.InfoCatalogs, from.IsArchived, from.IsRestricted
	g.AssignedLabels, g.AssignedLicenses = from.AssignedLabels, from.AssignedLicenses
	g.DisplayName = strings.TrimSpace(g.DisplayName)
	object.Fill(g)
}

func (g *Group) required() error {
	switch {
	case g.DisplayName == "":
		return requiredOfGroup("displayName")
	case g.MailNickname == "":
		return requiredOfGroup("mailNickname")
	case g.MailEnabled == nil:
		return requiredOfGroup("mailEnabled")
	case g.SecurityEnabled == nil:
		return requiredOfGroup("securityEnabled")
	}
	return nil
}

// checkKind allows the combinations that Graph creates: security groups, and
// Microsoft 365 groups, which have mail.
func (g *Group) checkKind() error {
	for _, t := range g.GroupTypes {
		switch t {
		case Unified:
		case Dynamic:
			// What Graph answers where the tenant may have no dynamic groups.
			return fault.Because(fault.Forbidden, DynamicGroup, "Insufficient privileges to complete the operation.").
				WithFix("Dynamic membership is not available: create the group without DynamicMembership and add its members.")
		default:
			return invalidGroup("groupTypes")
		}
	}
	switch {
	case g.MembershipRule != nil || g.RuleProcessingState != nil:
		return fault.Because(fault.Invalid, DynamicGroup, "A membership rule needs a group of dynamic membership.")
	case g.Unified() && !g.mailed():
		return invalidGroup("mailEnabled")
	case !g.Unified() && (g.mailed() || !g.Secures()):
		return fault.Because(fault.Invalid, MailEnabledGroup, "The service does not currently support writes of mail-enabled groups. "+
			"Please ensure that the mail-enablement property is unset and the security-enablement property is set.")
	case g.AssignableToRole() && !g.Secures():
		return invalidGroup("isAssignableToRole")
	}
	return nil
}

func (g *Group) check() error {
	for name, p := range map[string]*string{
		"displayName": &g.DisplayName, "description": g.Description, "mailNickname": &g.MailNickname, "classification": g.Classification,
		"uniqueName": g.UniqueName, "preferredLanguage": g.Language, "preferredDataLocation": g.DataLocation, "theme": g.Theme,
		"onPremisesDomainName": g.OnPremisesDomain, "onPremisesNetBiosName": g.OnPremisesNetBIOS, "onPremisesSamAccountName": g.OnPremisesSAM,
	} {
		if p != nil && (*p == "" || utf8.RuneCountInString(*p) > groupLimits[name]) {
			return invalidGroup(name)
		}
	}
	for name, list := range map[string][]string{"resourceBehaviorOptions": g.ResourceBehavior, "resourceProvisioningOptions": g.ResourceProvisioning} {
		if len(list) > maxOptions || slices.ContainsFunc(list, func(s string) bool { return s == "" || len(s) > 64 }) {
			return invalidGroup(name)
		}
	}
	visibilities := []string{Public, Private, HiddenMembership}
	switch {
	case !isNickname(g.MailNickname):
		return invalidGroup("mailNickname")
	case g.Visibility != nil && !slices.Contains(visibilities, *g.Visibility):
		return invalidGroup("visibility")
	case g.Visibility != nil && *g.Visibility == HiddenMembership && !g.Unified():
		return invalidGroup("visibility")
	}
	return nil
}

// isNickname reports whether text can stand before the @ of a group's address.
func isNickname(text string) bool {
	return !strings.ContainsAny(text, `@()\[]";:<>, `) && !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' })
}

// renew begins the life of g anew.
func (g *Group) renew(now time.Time) {
	now = now.Truncate(time.Second)
	g.Renewed = &now
}

// Unified reports whether g is a Microsoft 365 group.
func (g *Group) Unified() bool { return slices.Contains(g.GroupTypes, Unified) }

// Secures reports whether g is a security group, alone or beside its mail.
func (g *Group) Secures() bool { return g.SecurityEnabled != nil && *g.SecurityEnabled }

// HasTeam reports whether there is a team over g.
func (g *Group) HasTeam() bool { return slices.Contains(g.ResourceProvisioning, TeamOption) }

// AssignableToRole reports whether directory roles may be given to g.
func (g *Group) AssignableToRole() bool { return g.IsAssignableToRole != nil && *g.IsAssignableToRole }

func (g *Group) mailed() bool { return g.MailEnabled != nil && *g.MailEnabled }

// securityIdentifier returns the SID that stands for an object identifier: the
// GUID in .NET byte order as four numbers.
// https://learn.microsoft.com/graph/api/resources/group?view=graph-rest-1.0#properties
func securityIdentifier(id ids.ObjectID) string {
	b, err := hex.DecodeString(strings.ReplaceAll(string(id), "-", ""))
	if err != nil || len(b) != 16 {
		return ""
	}
	big, little := binary.BigEndian, binary.LittleEndian
	second := uint32(big.Uint16(b[6:]))<<16 | uint32(big.Uint16(b[4:]))
	return fmt.Sprintf("S-1-12-1-%d-%d-%d-%d", big.Uint32(b), second, little.Uint32(b[8:]), little.Uint32(b[12:]))
}

func requiredOfGroup(property string) error {
	return fault.InvalidAt(property, "A value is required for property '%s' of resource 'Group'.", property)
}

func invalidGroup(property string) error {
	return fault.InvalidAt(property, "Invalid value specified for property '%s' of resource 'Group'.", property)
}
