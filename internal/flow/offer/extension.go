package offer

import (
	"encoding/json"
	"net/url"
	"slices"
	"time"

	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
)

// An Extension is an endpoint of the tenant's that is called at a stage of a
// request or an assignment. Graph's customCalloutExtension.
type Extension struct {
	Tenant         ids.TenantID
	ID             ids.ObjectID
	Catalog        ids.CatalogID
	Kind           ExtensionKind
	Name           string
	Description    string
	Endpoint       Endpoint
	Authentication json.RawMessage // as it came
	Client         json.RawMessage // as it came; see clientConfiguration
	Pause          time.Duration   // how long a request waits for the endpoint's word; zero does not
	Callback       bool            // whether it waits at all
	CreatedAt      time.Time
	ModifiedAt     time.Time

	version int64
}

// An Endpoint is what is called.
type Endpoint struct {
	Subscription  string
	ResourceGroup string
	Workflow      string
	URL           string
}

// An ExtensionKind says at which stages an extension is called.
type ExtensionKind string

// The kinds, as their types end in Graph.
const (
	RequestExtension    ExtensionKind = "request"    // accessPackageAssignmentRequestWorkflowExtension
	AssignmentExtension ExtensionKind = "assignment" // accessPackageAssignmentWorkflowExtension
)

// stages are those at which a kind is called.
var stages = map[ExtensionKind][]string{
	RequestExtension:    {"assignmentRequestCreated", "assignmentRequestApproved", "assignmentRequestGranted", "assignmentRequestRemoved"},
	AssignmentExtension: {"assignmentFourteenDaysBeforeExpiration", "assignmentOneDayBeforeExpiration"},
}

// longestPause is how long a request waits for an extension at most.
const longestPause = 14 * day

// BadEndpoint is the Reason of an extension whose endpoint cannot be called.
const BadEndpoint fault.Reason = "entitlement.bad_endpoint"

// Check refuses an extension that cannot be called.
func (e *Extension) Check() error {
	name, err := nameOf("displayName", e.Name)
	if err != nil {
		return err
	}
	e.Name = name
	if err := short("description", e.Description, longestDescription); err != nil {
		return err
	}
	u, err := url.Parse(e.Endpoint.URL)
	if err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil || len(e.Endpoint.URL) > 2048 {
		f := fault.Because(fault.Invalid, BadEndpoint, "The endpoint's url must begin with https:// and name a host.")
		f.Target = "endpointConfiguration.url"
		return f
	}
	for path, text := range map[string]string{"subscriptionId": e.Endpoint.Subscription, "resourceGroupName": e.Endpoint.ResourceGroup, "logicAppWorkflowName": e.Endpoint.Workflow} {
		if err := short("endpointConfiguration."+path, text, 150); err != nil {
			return err
		}
	}
	if e.Callback && e.Kind != RequestExtension {
		return Bad("callbackConfiguration", "Only an extension of requests can have them wait.")
	}
	if e.Pause < 0 || e.Pause > longestPause {
		return Bad("callbackConfiguration.timeoutDuration", "A request waits for at most 14 days.")
	}
	if len(e.Authentication) > 8<<10 {
		return Bad("authenticationConfiguration", "The configuration has more than %d bytes.", 8<<10)
	}
	return checkClient(e.Client)
}

// Clear takes back everything that a body says.
func (e *Extension) Clear() {
	*e = Extension{Tenant: e.Tenant, ID: e.ID, Catalog: e.Catalog, Kind: e.Kind, CreatedAt: e.CreatedAt, version: e.version}
}

// serves reports whether the extension is called at the stage.
func (e *Extension) serves(stage string) bool { return slices.Contains(stages[e.Kind], stage) }
