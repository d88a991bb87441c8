package federated

import (
	"net/http"
	"slices"
	"strings"

	"entente/internal/core/federation"
	"entente/internal/edge/portal"
	"entente/internal/edge/portal/admin"
	"entente/internal/flow/lookup"
	"entente/internal/kit/ids"
)

// A scenario is a way to come by issuer and subject.
type scenario struct {
	name, text, hint string
	parts            func(*pages, *http.Request, *admin.Visitor, *portal.Draft) ([]portal.Part, error)
	fill             func(*pages, *admin.Visitor, *portal.Draft, *wish)
	at               map[string]string // where what a service says against it stands
}

// A wish is what a credential is to say: the members of Graph.
type wish struct {
	Name        string           `json:"name,omitempty"`
	Issuer      string           `json:"issuer"`
	Subject     *string          `json:"subject"`
	Description *string          `json:"description"`
	Audiences   []string         `json:"audiences"`
	Expression  *wishedCondition `json:"claimsMatchingExpression"`
}

type wishedCondition struct {
	Value    string `json:"value"`
	Language int    `json:"languageVersion"`
}

// scenarios are in the order in which they are shown. For a managed identity
// that is trusted, the article that this page follows takes "Other issuer";
// "Managed identity" fills in the same.
var scenarios = []scenario{
	{"identity", "Managed identity", "A managed identity of this organization is to act as this one.", identityParts, fillIdentity,
		map[string]string{"issuer": "who", "subject": "who"}},
	{"github", "GitHub Actions deploying Azure resources", "A workflow of a GitHub repository gets tokens.", gitHubParts, fillGitHub,
		map[string]string{"issuer": "organization", "subject": "organization"}},
	{"kubernetes", "Kubernetes accessing Azure resources", "A service account of a Kubernetes cluster gets tokens.", kubernetesParts, fillKubernetes,
		map[string]string{"issuer": "issuer", "subject": "namespace"}},
	{"other", "Other issuer", "Any OpenID Connect issuer: issuer and subject as its tokens carry them.", otherParts, fillOther,
		map[string]string{"issuer": "issuer", "subject": "subject", "claimsMatchingExpression": "expression"}},
}

func scenarioOf(name string) (scenario, bool) {
	i := slices.IndexFunc(scenarios, func(s scenario) bool { return s.name == name })
	if i < 0 {
		return scenario{}, false
	}
	return scenarios[i], true
}

// line is a field of a form that is half as wide.
func line(d *portal.Draft, id, label, hint string, optional bool) portal.Part {
	return d.Line(portal.Field{ID: id, Label: label, Hint: hint, Optional: optional, Autocomplete: "off"})
}

// need says what a field lacks, and returns what was typed.
func need(d *portal.Draft, field, wrong string) string {
	text := d.Get(field)
	if text == "" {
		d.Wrong(field, "%s", wrong)
	}
	return text
}

func identityParts(p *pages, r *http.Request, v *admin.Visitor, d *portal.Draft) ([]portal.Part, error) {
	find := portal.Find{Button: "find", Field: d.Field(portal.Field{ID: "who", Label: "Managed identity", Hint: "The beginning of its name. Issuer and subject are filled in.", Autocomplete: "off", Optional: true})}
	found := portal.Choices{ID: "identity", Name: "identity", Legend: "Managed identities that were found"}
	add := func(x lookup.Found, picked bool) {
		if !slices.ContainsFunc(found.Options, func(o portal.Option) bool { return o.Value == x.ID }) {
			found.Options = append(found.Options, portal.Option{Value: x.ID, Label: x.Name, Hint: "Object (principal) ID " + x.ID, Checked: picked})
		}
	}
	if id, err := ids.Parse[ids.ObjectID](d.Get("identity")); err == nil {
		named, err := p.Lookup.Named(r.Context(), v.Who, id)
		if err != nil {
			return nil, err
		}
		if x, ok := named[id]; ok && x.Kind == lookup.Identity {
			add(x, true)
		}
	}
	if typed := d.Get("who"); typed != "" {
		some, err := p.Lookup.Find(r.Context(), v.Who, typed, lookup.Identity)
		if err != nil && !d.Refused(err, map[string]string{"": "who"}) {
			return nil, err
		}
		for _, x := range some {
			add(x, false)
		}
		if len(some) == 0 && find.Error == "" {
			find.Error = "No managed identity begins with “" + portal.Inert(typed) + "”"
		}
	}
	if len(found.Options) > 0 {
		find.Found = &found
	}
	return []portal.Part{{Find: &find}}, nil
}

func fillIdentity(p *pages, v *admin.Visitor, d *portal.Draft, w *wish) {
	id, err := ids.Parse[ids.ObjectID](d.Get("identity"))
	if err != nil {
		d.Wrong("who", "Find a managed identity, and pick it")
		return
	}
	subject := string(id)
	w.Issuer, w.Subject = p.Federation.Issuer(v.Tenant.ID), &subject
}

// entities are what of a GitHub repository a credential can be for.
var entities = []portal.Option{{Value: "environment", Label: "Environment"}, {Value: "branch", Label: "Branch"}, {Value: "pull_request", Label: "Pull request"}, {Value: "tag", Label: "Tag"}}

func gitHubParts(_ *pages, _ *http.Request, _ *admin.Visitor, d *portal.Draft) ([]portal.Part, error) {
	return []portal.Part{
		line(d, "organization", "Organization", "The owner of the repository on GitHub.", false),
		line(d, "repository", "Repository", "", false),
		d.Pick(portal.Select{Field: portal.Field{ID: "entity", Label: "Entity type"}, Options: entities}),
		line(d, "entity-name", "Name of the environment, branch or tag", "Such as production, main or v1.2. Workflows of pull requests have none.", true),
		{Heading: "Immutable subject", Text: "Repositories that were made or renamed on or after July 15, 2026, and others that have opted in, are called by name and by number, so that nobody who takes over a name takes over the trust. Leave both empty for the older form."},
		line(d, "owner-id", "Owner ID", "Digits.", true),
		line(d, "repository-id", "Repository ID", "Digits.", true),
	}, nil
}

// fillGitHub fills in the subject of a workflow's token.
// https://docs.github.com/actions/concepts/security/openid-connect
func fillGitHub(_ *pages, _ *admin.Visitor, d *portal.Draft, w *wish) {
	owner, repository := need(d, "organization", "Enter the organization"), need(d, "repository", "Enter the repository")
	for _, field := range []string{"organization", "repository"} {
		if strings.ContainsAny(d.Get(field), "/:@*? ") {
			d.Wrong(field, "Enter the name alone, without /, : or @")
		}
	}
	ownerID, repositoryID := d.Get("owner-id"), d.Get("repository-id")
	for field, id := range map[string]string{"owner-id": ownerID, "repository-id": repositoryID} {
		switch {
		case strings.Trim(id, "0123456789") != "":
			d.Wrong(field, "Enter digits alone")
		case id == "" && ownerID+repositoryID != "":
			d.Wrong(field, "Enter both numbers, or none")
		}
	}
	if ownerID != "" {
		owner, repository = owner+"@"+ownerID, repository+"@"+repositoryID
	}
	subject := "repo:" + owner + "/" + repository + ":"
	switch entity := d.Get("entity"); entity {
	case "pull_request":
		subject += entity
	case "branch":
		subject += "ref:refs/heads/" + strings.TrimPrefix(need(d, "entity-name", "Enter the name of the branch"), "refs/heads/")
	case "tag":
		subject += "ref:refs/tags/" + strings.TrimPrefix(need(d, "entity-name", "Enter the name of the tag"), "refs/tags/")
	default:
		subject += "environment:" + need(d, "entity-name", "Enter the name of the environment")
	}
	w.Issuer, w.Subject = federation.GitHub, &subject
}

func kubernetesParts(_ *pages, _ *http.Request, _ *admin.Visitor, d *portal.Draft) ([]portal.Part, error) {
	return []portal.Part{
		line(d, "issuer", "Cluster issuer URL", "As the cluster’s tokens carry it, with or without the slash at the end. Its metadata must be public.", false),
		line(d, "namespace", "Namespace", "", false),
		line(d, "service-account", "Service account name", "", false),
	}, nil
}

// fillKubernetes fills in the subject of a service account's token.
// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#service-account-tokens
func fillKubernetes(_ *pages, _ *admin.Visitor, d *portal.Draft, w *wish) {
	w.Issuer = need(d, "issuer", "Enter the cluster’s issuer")
	subject := "system:serviceaccount:" + need(d, "namespace", "Enter the namespace") + ":" + need(d, "service-account", "Enter the service account’s name")
	for _, field := range []string{"namespace", "service-account"} {
		if strings.Contains(d.Get(field), ":") {
			d.Wrong(field, "Enter the name alone, without a colon")
		}
	}
	w.Subject = &subject
}

func otherParts(_ *pages, _ *http.Request, _ *admin.Visitor, d *portal.Draft) ([]portal.Part, error) {
	return []portal.Part{
		line(d, "issuer", "Issuer", "As tokens carry it in iss, byte for byte. For managed identities of an organization here: its login address, tenant ID and /v2.0.", false),
		line(d, "subject", "Subject identifier", "As tokens carry it in sub, byte for byte. Of a managed identity, its object (principal) ID.", true),
		d.Lines(portal.Area{Field: portal.Field{ID: "expression", Label: "Claims matching expression", Hint: "Instead of a subject, for an application alone: claims['sub'] matches 'repo:contoso/*:ref:refs/heads/main'.", Class: "mono", Optional: true}, Most: 600}),
	}, nil
}

func fillOther(_ *pages, _ *admin.Visitor, d *portal.Draft, w *wish) {
	// As typed: white space counts, and the check tells of it.
	subject, expression := d.Values.Get("subject"), d.Get("expression")
	w.Issuer = need(d, "issuer", "Enter the issuer")
	switch {
	case subject == "" && expression == "":
		d.Wrong("subject", "Enter the subject identifier, or an expression below")
	case subject != "" && expression != "":
		d.Wrong("expression", "Enter a subject identifier or an expression, not both")
	case subject != "":
		w.Subject = &subject
	default:
		w.Expression = &wishedCondition{expression, 1}
	}
}
