package lab

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"

	"entente/internal/kit/clock"
)

// A story is both of them. In the first a workload of tenant A reads tenant B's
// users, and nobody holds a secret; in the second somebody of tenant B gets
// something of tenant A's, for a time and by an approver's word. Each step is what the article tells its reader to do,
// done through the same doors. What makes an object is done once in a lab's
// life; what uses it is done at every start.
type story struct {
	world   *world
	data    string
	clock   clock.Clock
	paper   *paper
	api     *api
	parts   *parts
	lab     *lab
	self    []string // the command that runs the built-in runbook
	builtIn bool

	second *throwaway // where the clock is moved

	tokens    map[string]string // the administrators' tools', by tenant and scope
	assertion string            // the managed identity's token, for exchange
	crossed   string            // tenant B's token, for Graph
}

// A step is one heading of the story.
type step struct {
	title string
	why   string
	of    tale
	once  bool // it needs no telling when the lab is started again
	do    func(*story, context.Context) error
}

// steps are both stories, in the articles' order.
var steps = []step{
	{"Tenant A: create a user-assigned managed identity",
		"An identity for a workload, without a secret. The platform vouches for whoever runs where it is assigned.",
		both, false, (*story).createIdentity},
	{"Tenant A: register a multi-tenant application",
		"A managed identity cannot be seen from another tenant; an application can. It asks for User.Read.All on Microsoft Graph, as itself.",
		workload, false, (*story).registerApplication},
	{"Tenant A: add a federated credential to the application",
		"Whoever shows a token of this issuer, with this subject, for this audience, is the application. Subject is the managed identity's object id.",
		workload, false, (*story).addCredential},
	{"Tenant B: an administrator consents",
		"A browser opens the admin consent page, the administrator signs in with a password and accepts. Only now the application exists in tenant B.",
		workload, false, (*story).consent},
	{"Tenant A: an automation account with the identity",
		"The host where the runbook will run. Only identities assigned to it are given out there.",
		both, false, (*story).startHost},
	{"On the host: ask the identity endpoint",
		"A token of tenant A that says who the workload is, good for an exchange and for nothing else.",
		workload, false, (*story).askEndpoint},
	{"Exchange it at tenant B",
		"Tenant B finds the credential, checks the signature with tenant A's published keys, and gives a token of its own.",
		workload, false, (*story).crossOver},
	{"Read tenant B's users",
		"", workload, false, (*story).readUsers},
	{"Tenant C has agreed to nothing",
		"The same token, the same application: the third tenant refuses, because nobody there consented.",
		workload, false, (*story).knockAtC},
	{"Tenant B's own API, by the same crossing",
		"Fabrikam's order service checks tokens by discovery and asks for its app role. First without the role, then with it.",
		workload, false, (*story).callSample},
	{"Tenant A's own web application, to sign in to",
		"Contoso's travel desk lets in whoever has its app role or is in its group. A managed identity's token proves the application, so it holds no secret either.",
		both, false, (*story).openDesk},
	{"Applications for experiments of your own",
		"In tenant B one with a secret, one with a certificate, one public; in tenant A one with a secret. `entente lab env` names them.",
		both, false, (*story).seedClients},
	{"The second story. Tenant A: connect tenant B, and offer its people something",
		"A catalog has a team and the travel desk; an access package gives both; a policy says who may have it, who approves, and for how long.",
		person, false, (*story).offerPackage},
	{"Tenant A: a colleague asks for somebody of tenant B",
		"By address; there is no account in tenant A yet. Who looks after a catalog does not go around its approver.",
		person, false, (*story).askForPartner},
	{"Tenant A: the approver agrees",
		"Only now there is a guest, and the guest is in the team.",
		person, false, (*story).approvePartner},
	{"A second, throwaway lab, because what follows takes months",
		"Its clock is moved; this lab's is not. Another of fabrikam's people has the package's link there.",
		person, true, (*story).openSecond},
	{"Tenant B: somebody asks by the link",
		"They sign in at home and say why. There is still no account of theirs in tenant A.",
		person, true, inSecond((*throwaway).askByLink)},
	{"Tenant A: the approver reads it, and agrees",
		"", person, true, inSecond((*throwaway).agree)},
	{"The first visit",
		"Tenant A asks once whether they want to be its guest. They accept, and the travel desk's door is open.",
		person, true, inSecond((*throwaway).enter)},
	{"Ninety days later",
		"The package ends by itself. Nothing else of tenant A's is left to the guest, so the guest is blocked.",
		person, true, inSecond((*throwaway).expire)},
	{"Thirty days after that",
		"Who has nothing any more is not kept. The second lab ends here.",
		person, true, (*story).endOfGuest},
	{"The first story's runbook itself",
		"The script of the article runs as a child process on the automation account's host, with nothing but the endpoint's address.",
		workload, false, (*story).runRunbook},
}

// story returns the story about this lab.
func (l *lab) story(parts *parts) *story {
	return &story{
		world: l.world, data: l.data, clock: l.clock, paper: l.paper, parts: parts, lab: l,
		api:  &api{http: l.http, base: l.world.Name, paper: l.paper},
		self: l.options.self, builtIn: l.options.builtIn,
		tokens: make(map[string]string),
	}
}

// play plays the steps. The first that fails ends it, because those after it
// stand on it; a story that was told before goes on, because what people have
// changed in their lab since is theirs, and the steps still start what the lab
// needs. The error names the first step that failed.
func (s *story) play(ctx context.Context, steps []step, toldBefore bool) (failed error) {
	for i, step := range steps {
		s.paper.heading(i+1, len(steps), step.title)
		if step.why != "" {
			s.paper.note("%s", step.why)
		}
		if err := step.do(s, ctx); err != nil {
			s.paper.failed(err)
			failed = cmp.Or(failed, fmt.Errorf("step %d of %d failed: %s", i+1, len(steps), step.title))
			if !toldBefore || ctx.Err() != nil {
				return failed
			}
		}
		if err := s.world.save(s.data); err != nil {
			return err
		}
	}
	return failed
}

// token returns a token of a tenant's administrative tool.
func (s *story) token(ctx context.Context, o *organization, scope string) (string, error) {
	if t := s.tokens[o.ID+scope]; t != "" {
		return t, nil
	}
	t, err := s.api.quietly().clientToken(ctx, o.ID, o.Tool, scope)
	if err != nil {
		return "", fmt.Errorf("token of %s's tool: %w", o.Name, err)
	}
	s.tokens[o.ID+scope] = t
	return t, nil
}

const armVersion = "?api-version=2024-11-30"

// group is the resource group of the story's resources.
func (s *story) group() string {
	return "/subscriptions/" + s.world.A.Subscription + "/resourceGroups/automation"
}

func (s *story) createIdentity(ctx context.Context) error {
	c := &s.world.Chain
	if c.OtherClient != "" {
		return s.again("the identity", c.IdentityResource)
	}
	token, err := s.token(ctx, &s.world.A, armScope)
	if err != nil {
		return err
	}
	place := map[string]any{"location": "westeurope"}
	if err := s.api.json(ctx, http.MethodPut, s.group()+armVersion, token, place, nil); err != nil {
		return err
	}
	for _, i := range []struct {
		name                     string
		resource, client, object *string
	}{
		{"runbook-identity", &c.IdentityResource, &c.IdentityClient, &c.IdentityObject},
		{"other-identity", &c.OtherResource, &c.OtherClient, new(string)},
	} {
		var made struct {
			ID         string
			Properties struct{ ClientID, PrincipalID string }
		}
		path := s.group() + "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/" + i.name + armVersion
		if err := s.api.json(ctx, http.MethodPut, path, token, place, &made); err != nil {
			return err
		}
		*i.resource, *i.client, *i.object = made.ID, made.Properties.ClientID, made.Properties.PrincipalID
	}
	s.paper.fact("client id", c.IdentityClient)
	s.paper.fact("object id", c.IdentityObject)
	return nil
}

// again says that something is there from an earlier run.
func (s *story) again(what, which string) error {
	s.paper.note("It is there from an earlier run: %s %s.", what, which)
	return nil
}

func (s *story) registerApplication(ctx context.Context) error {
	c := &s.world.Chain
	if c.AppID != "" {
		return s.again("the application", c.AppID)
	}
	token, err := s.token(ctx, &s.world.A, graphScope)
	if err != nil {
		return err
	}
	graph, err := s.graphRoles(ctx, token)
	if err != nil {
		return err
	}
	var app struct{ ID, AppID string }
	err = s.api.json(ctx, http.MethodPost, "/v1.0/applications", token, map[string]any{
		"displayName":    "User reader",
		"signInAudience": "AzureADMultipleOrgs",
		"requiredResourceAccess": []any{map[string]any{
			"resourceAppId":  "00000003-0000-0000-c000-000000000000",
			"resourceAccess": []any{map[string]any{"id": graph.roles["User.Read.All"], "type": "Role"}},
		}},
	}, &app)
	if err != nil {
		return err
	}
	c.AppObject, c.AppID = app.ID, app.AppID
	s.paper.fact("client id", c.AppID)
	return nil
}

func (s *story) addCredential(ctx context.Context) error {
	c := &s.world.Chain
	if c.Credential != "" {
		return s.again("the credential", c.Credential)
	}
	token, err := s.token(ctx, &s.world.A, graphScope)
	if err != nil {
		return err
	}
	issuer := s.world.Name + "/" + s.world.A.ID + "/v2.0"
	if s.world.Mapped {
		issuer = "https://login.microsoftonline.com/" + s.world.A.ID + "/v2.0" // as the article types it
	}
	var made struct{ ID string }
	err = s.api.json(ctx, http.MethodPost, "/v1.0/applications/"+c.AppObject+"/federatedIdentityCredentials", token, map[string]any{
		"name": "runbook-identity", "issuer": issuer, "subject": c.IdentityObject, "audiences": []string{exchangeAudience},
	}, &made)
	c.Credential = made.ID
	s.paper.fact("issuer", issuer)
	s.paper.fact("subject", c.IdentityObject)
	s.paper.fact("audience", exchangeAudience)
	return err
}

func (s *story) askEndpoint(ctx context.Context) (err error) {
	w := s.world
	s.assertion, err = s.api.identityToken(ctx, w.Host.Endpoint, w.Host.Header, exchangeAudience, w.Chain.IdentityClient)
	if err == nil {
		s.paper.fact("resource", exchangeAudience)
		s.paper.fact("client_id", w.Chain.IdentityClient)
	}
	return err
}

func (s *story) crossOver(ctx context.Context) (err error) {
	w := s.world
	if s.crossed, err = s.api.exchange(ctx, w.B.ID, w.Chain.AppID, s.assertion, graphScope); err != nil {
		return err
	}
	s.paper.fact("client_id", w.Chain.AppID)
	s.paper.fact("client_assertion", "the token from the identity endpoint")
	s.paper.fact("scope", graphScope)
	s.paper.note("The two tokens side by side: who the workload is at home, and what it may do in tenant B.")
	return s.paper.claims("of tenant A, for the exchange", s.assertion, "of tenant B, for Microsoft Graph", s.crossed)
}

func (s *story) readUsers(ctx context.Context) error {
	n, err := s.api.countUsers(ctx, s.crossed)
	if err == nil {
		s.paper.fact("users", fmt.Sprint(n))
	}
	return err
}

// knockAtC succeeds when tenant C refuses.
func (s *story) knockAtC(ctx context.Context) error {
	_, err := s.api.exchange(ctx, s.world.C.ID, s.world.Chain.AppID, s.assertion, graphScope)
	return s.refused(err, http.StatusUnauthorized, http.StatusBadRequest)
}

// refused turns a hoped-for refusal into success, and success into an error.
func (s *story) refused(err error, statuses ...int) error {
	r, ok := err.(*refusal)
	if !ok && err == nil {
		return fmt.Errorf("it was allowed, and must not be")
	}
	if !ok {
		return err
	}
	for _, want := range statuses {
		if r.status == want {
			s.paper.note("Rightly refused: %s", r.body)
			return nil
		}
	}
	return err
}

func (s *story) runRunbook(ctx context.Context) error {
	j, err := s.runJob(ctx)
	if err != nil {
		return err
	}
	s.paper.fact("job", j.ID)
	s.paper.fact("record", filepath.Join(s.data, "jobs", j.ID, "job.json"))
	if !strings.HasPrefix(j.Output, "Found ") {
		return fmt.Errorf("the runbook printed %q", j.Output)
	}
	s.paper.line("\n%s", s.paper.paint(green, strings.TrimSpace(j.Output)))
	return nil
}

// consentAddress is where an administrator of a tenant opens consent.
func (s *story) consentAddress(tenant string) string {
	return s.world.Name + "/" + tenant + "/adminconsent?" + url.Values{"client_id": {s.world.Chain.AppID}}.Encode()
}
