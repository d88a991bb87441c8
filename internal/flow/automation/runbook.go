package automation

import (
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"entente/internal/core/managedidentity"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// A RunbookID names a runbook, a JobID a run of one. (ids.JobID is another
// thing: a durable job of the installation.)
type (
	RunbookID string
	JobID     string
)

// A Kind is the language of a runbook.
type Kind string

// The kinds. Azure Automation has no shell runbooks; Shell is ours.
const (
	Shell      Kind = "Shell"
	PowerShell Kind = "PowerShell"
)

// A RunbookState is Azure's runbookState: New was never published, Edit has a
// draft that differs from what is published.
type RunbookState string

// The states.
const (
	RunbookNew       RunbookState = "New"
	RunbookEdit      RunbookState = "Edit"
	RunbookPublished RunbookState = "Published"
)

// Limits of Azure Automation.
// https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits#azure-automation
const (
	maxText        = 1 << 20 // bytes of a runbook
	maxDescription = 512
)

var runbookName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,62}$`)

// A Runbook is a script of an automation account.
type Runbook struct {
	Tenant      ids.TenantID
	ID          RunbookID
	Account     managedidentity.HostID
	Name        string // unique within the account in any letter case
	Kind        Kind
	Description string
	Draft       string
	Text        string // what jobs run; empty before PublishedAt
	Again       bool   // a job whose worker was lost may be run from the start
	CreatedAt   time.Time
	ChangedAt   time.Time
	PublishedAt time.Time // zero while it was never published

	version int64
}

// NewRunbook returns a runbook with an empty draft, or an Invalid fault that names the
// property at fault.
func NewRunbook(tenant ids.TenantID, account managedidentity.HostID, name string, kind Kind, now time.Time) (*Runbook, error) {
	switch {
	case !runbookName.MatchString(name):
		return nil, fault.InvalidAt("name", "The name of a runbook has 1 to 63 letters, digits, '_' or '-', and begins with a letter.")
	case kind != Shell && kind != PowerShell:
		return nil, fault.InvalidAt("kind", "Choose Shell or PowerShell as the type of the runbook.")
	}
	return &Runbook{Tenant: tenant, ID: ids.New[RunbookID](), Account: account, Name: name, Kind: kind, CreatedAt: now, ChangedAt: now}, nil
}

// State tells whether the runbook is published, and whether its draft differs.
func (r *Runbook) State() RunbookState {
	switch {
	case r.PublishedAt.IsZero():
		return RunbookNew
	case r.Draft != r.Text:
		return RunbookEdit
	}
	return RunbookPublished
}

// Write replaces the draft. Line ends become those of the hosts that run it:
// a browser's form sends CR LF, which a shell would take for a part of the word.
func (r *Runbook) Write(draft string, now time.Time) error {
	draft = strings.ReplaceAll(draft, "\r\n", "\n")
	switch {
	case len(draft) > maxText:
		return fault.InvalidAt("draft", "The text of a runbook has at most %d bytes; this one has %d.", maxText, len(draft))
	case !utf8.ValidString(draft) || strings.ContainsRune(draft, 0):
		return fault.InvalidAt("draft", "The text of a runbook is UTF-8 without the character NUL.")
	}
	r.Draft, r.ChangedAt = draft, now
	return nil
}

// Describe changes what is said of the runbook, and whether a job that lost its
// worker may be run again.
func (r *Runbook) Describe(description string, again bool, now time.Time) error {
	if description = strings.TrimSpace(description); len(description) > maxDescription || !utf8.ValidString(description) {
		return fault.InvalidAt("description", "A description has at most %d bytes of UTF-8.", maxDescription)
	}
	r.Description, r.Again, r.ChangedAt = description, again, now
	return nil
}

// Publish makes the draft the text that jobs run. Jobs that are under way keep
// the text that they were started with.
func (r *Runbook) Publish(now time.Time) error {
	if strings.TrimSpace(r.Draft) == "" {
		return fault.InvalidAt("draft", "The runbook is empty. Write its text, then publish it.")
	}
	r.Text, r.PublishedAt, r.ChangedAt = r.Draft, now, now
	return nil
}
