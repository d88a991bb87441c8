package app

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// ExtensionTaken is the Reason of an extension whose name the application has
// given already.
const ExtensionTaken fault.Reason = "app.extension_taken"

// An Extension is a property that an application defines for objects of the
// directory. The members with JSON names are Graph's.
// https://learn.microsoft.com/graph/api/resources/extensionproperty?view=graph-rest-1.0
type Extension struct {
	Tenant      ids.TenantID `json:"-"`
	Application ids.ObjectID `json:"-"`

	ID          ids.ObjectID `json:"id"`
	DeletedAt   *time.Time   `json:"deletedDateTime"`
	AppName     *string      `json:"appDisplayName"`
	DataType    string       `json:"dataType"`
	MultiValued bool         `json:"isMultiValued"`
	Synced      *bool        `json:"isSyncedFromOnPremises"`
	Name        string       `json:"name"` // extension_{appId without dashes}_{name}
	Targets     []string     `json:"targetObjects"`
}

const (
	maxExtensions    = 100
	maxExtensionName = 100
)

var (
	extensionForm    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*$`)
	extensionTypes   = []string{"Binary", "Boolean", "DateTime", "Integer", "LargeInteger", "String"}
	extensionTargets = []string{"User", "Group", "AdministrativeUnit", "Application", "Device", "Organization", "ServicePrincipal"}
)

// NewExtension returns the property that an application defines under a name
// of its own.
func NewExtension(of *Application, ask Extension) (Extension, error) {
	ask.Name = strings.TrimPrefix(ask.Name, extensionPrefix(of.AppID))
	switch {
	case !extensionForm.MatchString(ask.Name) || len(ask.Name) > maxExtensionName:
		return ask, invalidExtension("name")
	case !slices.Contains(extensionTypes, ask.DataType):
		return ask, invalidExtension("dataType")
	case len(ask.Targets) == 0, !all(ask.Targets, func(t string) bool { return slices.Contains(extensionTargets, t) }):
		return ask, invalidExtension("targetObjects")
	}
	slices.Sort(ask.Targets)
	no := false
	return Extension{
		Tenant: of.Tenant, Application: of.ID, ID: ids.New[ids.ObjectID](), AppName: &of.DisplayName, DataType: ask.DataType,
		MultiValued: ask.MultiValued, Synced: &no, Name: extensionPrefix(of.AppID) + ask.Name, Targets: slices.Compact(ask.Targets),
	}, nil
}

func extensionPrefix(id ids.AppID) string {
	return "extension_" + strings.ReplaceAll(string(id), "-", "") + "_"
}

func invalidExtension(property string) error {
	return fault.InvalidAt(property, "Invalid value specified for property '%s' of resource 'ExtensionProperty'.", property)
}
