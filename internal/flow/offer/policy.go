package offer

import (
	"encoding/json"
	"slices"
	"time"

	"entente/internal/kit/ids"
)

// A Policy says who may have an access package, and how. Graph's
// accessPackageAssignmentPolicy in the terms of v1.0.
type Policy struct {
	Tenant      ids.TenantID
	ID          ids.PolicyID
	Package     ids.PackageID
	Name        string
	Description string
	Scope       TargetScope
	Targets     []SubjectSet // of the specific scopes
	Expiration  Expiration
	Requestor   RequestorSettings
	Approval    ApprovalSettings
	Automatic   *AutomaticSettings // nil where people ask
	Questions   []Question
	Review      json.RawMessage // kept as it came: reviews do not run yet
	Quiet       bool            // no messages to those who ask and have
	Extensions  []StageExtension
	Credentials json.RawMessage // verified credentials: kept as they came
	CreatedAt   time.Time
	ModifiedAt  time.Time

	version int64
}

// A TargetScope is whom a policy is for. Graph's allowedTargetScope.
type TargetScope string

// The scopes.
const (
	NotSpecified                            TargetScope = "notSpecified" // administrators assign
	SpecificDirectoryUsers                  TargetScope = "specificDirectoryUsers"
	SpecificConnectedOrganizationUsers      TargetScope = "specificConnectedOrganizationUsers"
	SpecificDirectoryServicePrincipals      TargetScope = "specificDirectoryServicePrincipals"
	AllMemberUsers                          TargetScope = "allMemberUsers"
	AllDirectoryUsers                       TargetScope = "allDirectoryUsers"
	AllDirectoryServicePrincipals           TargetScope = "allDirectoryServicePrincipals"
	AllConfiguredConnectedOrganizationUsers TargetScope = "allConfiguredConnectedOrganizationUsers"
	AllExternalUsers                        TargetScope = "allExternalUsers"
	// AllExistingConnectedOrganizationUsers is beta's alone: of configured and
	// proposed organizations.
	AllExistingConnectedOrganizationUsers TargetScope = "allExistingConnectedOrganizationUsers"
)

// OfOutsiders reports whether a policy is for people who come in from outside.
func (t TargetScope) OfOutsiders() bool {
	switch t {
	case SpecificConnectedOrganizationUsers, AllConfiguredConnectedOrganizationUsers, AllExistingConnectedOrganizationUsers, AllExternalUsers:
		return true
	}
	return false
}

// A SubjectSet is one member of a list of targets or approvers.
type SubjectSet struct {
	Kind         SetKind
	Object       ids.ObjectID       // of singleUser, groupMembers, singleServicePrincipal
	Organization ids.OrganizationID // of connectedOrganizationMembers
	ManagerLevel int                // of requestorManager and targetManager, from 1
	Rule         string             // of attributeRuleMembers
	Description  string
}

// A SetKind is Graph's type of a subject set, without its prefix.
type SetKind string

// The kinds.
const (
	SingleUser                   SetKind = "singleUser"
	GroupMembers                 SetKind = "groupMembers"
	ConnectedOrganizationMembers SetKind = "connectedOrganizationMembers"
	RequestorManager             SetKind = "requestorManager"
	InternalSponsors             SetKind = "internalSponsors"
	ExternalSponsors             SetKind = "externalSponsors"
	TargetUserSponsors           SetKind = "targetUserSponsors"
	TargetManager                SetKind = "targetManager"
	AttributeRuleMembers         SetKind = "attributeRuleMembers"
	SingleServicePrincipal       SetKind = "singleServicePrincipal"
)

// RequestorSettings say what those in scope may do themselves, and who may act
// for others.
type RequestorSettings struct {
	SelfAdd, SelfUpdate, SelfRemove             bool
	CustomSchedule                              bool // they may choose start and end
	OnBehalfAdd, OnBehalfUpdate, OnBehalfRemove bool
	OnBehalf                                    []SubjectSet
}

// ApprovalSettings say what is approved, and by whom: one stage after the other.
type ApprovalSettings struct {
	ForAdd, ForUpdate bool
	Justification     bool // whoever asks has to give one
	Stages            []Stage
}

// A Stage is one approval: the word of any of its approvers.
type Stage struct {
	TimeOut           time.Duration // after it the request is denied
	Justification     bool          // the approver has to give one
	Escalation        bool
	EscalateAfter     time.Duration
	Visibility        string // of who approves, to whoever asks: default, notVisible, visible
	Primary           []SubjectSet
	Fallback          []SubjectSet // where the primary ones are nobody
	Alternate         []SubjectSet // besides, after escalation
	AlternateFallback []SubjectSet
}

// AutomaticSettings make a policy give and take by itself.
type AutomaticSettings struct {
	Give  bool
	Take  bool
	Grace time.Duration // between leaving the targets and losing access
}

// A Question is one that whoever asks answers.
type Question struct {
	ID       ids.QuestionID
	Sequence int
	Required bool
	Editable bool
	Text     Localized
	// Of text: one line, and what it has to match.
	SingleLine bool
	Pattern    string
	// Of multiple choice.
	Choices  []Choice
	Multiple bool
}

// Localized is a text with its translations by language tag (BCP 47), in order.
type Localized struct {
	Text         string
	Translations []Translation
}

// A Translation is a text in a language.
type Translation struct{ Language, Text string }

// A Choice is one answer of a multiple choice question.
type Choice struct {
	Value string
	Text  Localized
}

// A StageExtension calls a custom workflow extension at a stage of a request or
// an assignment.
type StageExtension struct {
	Stage     string // Graph's accessPackageCustomExtensionStage
	Extension ids.ObjectID
}

// named returns the identifier of what the set names, or "" where it says whom by
// their standing.
func (s SubjectSet) named() string {
	if s.Kind == ConnectedOrganizationMembers {
		return string(s.Organization)
	}
	return string(s.Object)
}

// RuledSubject is what stands for a policy's rule among whom it names.
const RuledSubject = "rule"

// Ruled reports whether a rule is among the policy's targets.
func (p *Policy) Ruled() bool {
	return slices.ContainsFunc(p.Targets, func(s SubjectSet) bool { return s.Kind == AttributeRuleMembers })
}
