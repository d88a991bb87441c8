// Package site keeps teams and sites, in the light form in which they are
// resources with roles: what they are called, who is in them, which
// applications may do what in them. There are no channels and no documents.
//
// A team stands over a Microsoft 365 group: its members and owners are the
// group's, its name and visibility as well, and it goes and returns with the
// group. Each Microsoft 365 group has a site; others stand alone.
package site

import (
	"slices"
	"time"
	"unicode/utf8"

	"entente/internal/core/directory"
	"entente/internal/core/object"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// A Team is what stands over a Microsoft 365 group. The members with JSON
// names are Graph's.
// https://learn.microsoft.com/graph/api/resources/team?view=graph-rest-1.0
type Team struct {
	ID              ids.ObjectID `json:"id"` // the group's
	CreatedDateTime *time.Time   `json:"createdDateTime"`
	DisplayName     string       `json:"displayName"`
	Description     *string      `json:"description"`
	InternalID      *string      `json:"internalId"`
	Classification  *string      `json:"classification"`
	Specialization  *string      `json:"specialization"`
	Visibility      *string      `json:"visibility"`
	WebURL          *string      `json:"webUrl"`
	IsArchived      bool         `json:"isArchived"`
	TenantID        ids.TenantID `json:"tenantId"`
	Settings

	version int64
}

// Settings are what people may do in a team.
type Settings struct {
	Member    MemberSettings    `json:"memberSettings"`
	Guest     GuestSettings     `json:"guestSettings"`
	Messaging MessagingSettings `json:"messagingSettings"`
	Fun       FunSettings       `json:"funSettings"`
}

// The settings of a team.
type (
	MemberSettings struct {
		AddRemoveApps          *bool `json:"allowAddRemoveApps"`
		CreatePrivateChannels  *bool `json:"allowCreatePrivateChannels"`
		CreateUpdateChannels   *bool `json:"allowCreateUpdateChannels"`
		CreateUpdateConnectors *bool `json:"allowCreateUpdateRemoveConnectors"`
		CreateUpdateTabs       *bool `json:"allowCreateUpdateRemoveTabs"`
		DeleteChannels         *bool `json:"allowDeleteChannels"`
	}
	GuestSettings struct {
		CreateUpdateChannels *bool `json:"allowCreateUpdateChannels"`
		DeleteChannels       *bool `json:"allowDeleteChannels"`
	}
	MessagingSettings struct {
		ChannelMentions *bool `json:"allowChannelMentions"`
		OwnerDelete     *bool `json:"allowOwnerDeleteMessages"`
		TeamMentions    *bool `json:"allowTeamMentions"`
		UserDelete      *bool `json:"allowUserDeleteMessages"`
		UserEdit        *bool `json:"allowUserEditMessages"`
	}
	FunSettings struct {
		CustomMemes       *bool   `json:"allowCustomMemes"`
		Giphy             *bool   `json:"allowGiphy"`
		StickersAndMemes  *bool   `json:"allowStickersAndMemes"`
		GiphyContentRatio *string `json:"giphyContentRating"`
	}
)

// usual are the settings of a team that asks for none.
func usual() Settings {
	yes, no, moderate := true, false, "moderate"
	return Settings{
		Member:    MemberSettings{&yes, &yes, &yes, &yes, &yes, &yes},
		Guest:     GuestSettings{&no, &no},
		Messaging: MessagingSettings{&yes, &yes, &yes, &yes, &yes},
		Fun:       FunSettings{&yes, &yes, &yes, &moderate},
	}
}

// Why a team is refused.
const (
	TeamExists  fault.Reason = "site.team_exists"  // the group has one already
	NotUnified  fault.Reason = "site.not_unified"  // only a Microsoft 365 group has a team
	NoTeamOwner fault.Reason = "site.no_owner"     // a team begins with a person who owns it
	BadMember   fault.Reason = "site.bad_member"   // not a person, or roles that nobody has
	NotTemplate fault.Reason = "site.not_template" // a template that does not exist
)

// NewTeam returns the team over a group that a Graph body describes.
func NewTeam(g *directory.Group, body []byte, now time.Time) (*Team, error) {
	if !g.Unified() {
		return nil, fault.Because(fault.Invalid, NotUnified, "A team can only be created over a Microsoft 365 group.").
			WithFix("Use a group whose groupTypes contain Unified.")
	}
	if g.HasTeam() {
		return nil, fault.Because(fault.Conflict, TeamExists, "Team already exists: the group %s has a team.", g.ID)
	}
	now = now.Truncate(time.Second)
	t := &Team{CreatedDateTime: &now, Settings: usual(), version: 1}
	t.follow(g)
	return t.changed(body)
}

// follow takes over what the group says.
func (t *Team) follow(g *directory.Group) {
	t.ID, t.TenantID = g.ID, g.Tenant
	t.DisplayName, t.Description, t.Classification = g.DisplayName, g.Description, g.Classification
	t.Visibility = nil
	if v := g.Visibility; v != nil && visibilities[*v] != "" {
		name := visibilities[*v]
		t.Visibility = &name
	}
}

// visibilities are the words that teams have for those of groups.
var visibilities = map[string]string{
	directory.Public: "public", directory.Private: "private", directory.HiddenMembership: "hiddenMembership",
}

// ofGroup returns a group's word for a team's visibility.
func ofGroup(visibility string) string {
	for group, team := range visibilities {
		if team == visibility {
			return group
		}
	}
	return visibility
}

// changed returns the team as a Graph body changes it.
func (t *Team) changed(body []byte) (*Team, error) {
	u := &Team{}
	if err := object.Merge(t, body, u); err != nil {
		return nil, err
	}
	u.ID, u.TenantID, u.CreatedDateTime, u.IsArchived, u.version = t.ID, t.TenantID, t.CreatedDateTime, t.IsArchived, t.version
	u.InternalID, u.WebURL, u.Specialization = t.InternalID, t.WebURL, t.Specialization
	if u.DisplayName == "" || utf8.RuneCountInString(u.DisplayName) > 256 {
		return nil, fault.InvalidAt("displayName", "Invalid value specified for property 'displayName' of resource 'Team'.")
	}
	return u, nil
}

// A Member is a person in a team.
// https://learn.microsoft.com/graph/api/resources/aaduserconversationmember?view=graph-rest-1.0
type Member struct {
	ID          string       `json:"id"`
	Roles       []string     `json:"roles"` // owner, guest, or nothing
	DisplayName string       `json:"displayName"`
	History     *time.Time   `json:"visibleHistoryStartDateTime"`
	UserID      ids.ObjectID `json:"userId"`
	Email       *string      `json:"email"`
	TenantID    ids.TenantID `json:"tenantId"` // where the person is at home
}

// Owner is the role of those who own a team.
const Owner = "owner"

// owns reads the roles in a body: owner, or nothing.
func owns(roles []string) (bool, error) {
	switch {
	case len(roles) == 0:
		return false, nil
	case slices.Equal(roles, []string{Owner}):
		return true, nil
	}
	return false, fault.Because(fault.Invalid, BadMember, "Invalid role specified for member.").
		WithFix("roles is [] for a member and [\"owner\"] for an owner.")
}

// An Operation is something that was done to a team.
// https://learn.microsoft.com/graph/api/resources/teamsasyncoperation?view=graph-rest-1.0
type Operation struct {
	ID       string       `json:"id"`
	Kind     string       `json:"operationType"`
	Created  time.Time    `json:"createdDateTime"`
	Last     time.Time    `json:"lastActionDateTime"`
	Status   string       `json:"status"`
	Attempts int          `json:"attemptsCount"`
	Target   ids.ObjectID `json:"targetResourceId"`
	Location string       `json:"targetResourceLocation"`
	Error    *struct{}    `json:"error"`
}

// Kinds of operations.
const (
	CreateTeam    = "createTeam"
	ArchiveTeam   = "archiveTeam"
	UnarchiveTeam = "unarchiveTeam"
)
