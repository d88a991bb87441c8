package consent

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/core/tenant"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/secret"
	"entente/internal/kit/sqldb"
)

// A Plea is what an application asks for a person: the scope of its request, as
// OAuth has it, and whether the person is to be asked although all is granted.
type Plea struct {
	AppID ids.AppID
	Scope string
	Again bool
}

// A Question is what a person is asked to agree to. Its digest is of all that
// is shown; agreeing names it, so that nobody agrees to what they did not see.
type Question struct {
	Tenant      ids.TenantID // where the application is to act
	Person      ids.ObjectID // there
	Application *app.Application
	Items       []Item // also what is granted already
	Verdict     Verdict
	Everybody   bool // the person may agree for everybody in the tenant
	Digest      secret.Digest
}

// Missing returns what is asked and not granted.
func (q *Question) Missing() []Item {
	return slices.DeleteFunc(slices.Clone(q.Items), func(i Item) bool { return i.Granted })
}

// Had returns what is asked and granted already.
func (q *Question) Had() []Item {
	return slices.DeleteFunc(slices.Clone(q.Items), func(i Item) bool { return !i.Granted })
}

// maxItems bounds what one request may ask a person for: nobody reads more.
const maxItems = 100

// MakeQuestion returns what the application asks for the caller, in their
// tenant, as things are now.
//
// A scope names a permission of a resource. R/.default is whatever the
// application has on R; if that is nothing, it stands for all delegated
// permissions that the application lists. The scopes of OpenID Connect need no
// consent of their own where anything is granted, or the resource that is asked
// for has authorized the application ahead.
func MakeQuestion(ctx context.Context, tx *sqldb.Tx, who authz.Caller, p Plea) (*Question, error) {
	o, err := emptyOffer(ctx, tx, who.Tenant, p.AppID)
	if err != nil {
		return nil, err
	}
	q := &Question{Tenant: who.Tenant, Person: who.Object, Application: o.Application}
	client, err := app.PrincipalByAppID(ctx, tx, q.Tenant, p.AppID)
	if err != nil && !errors.Is(err, fault.NotFound) {
		return nil, err
	}
	h := holding{q: q, tx: tx, resources: map[ids.AppID]*granted{}}
	terms := Terms{Own: o.Application.Tenant == q.Tenant, Verified: o.Application.VerifiedPublisher.DisplayName != nil}
	if client != nil {
		h.client, terms.Assignment = client.ID, client.AppRoleAssignmentReq
	}
	if err := h.read(ctx, o, p); err != nil {
		return nil, err
	}
	policy, err := tenant.GetAuthorization(ctx, tx, q.Tenant)
	if err != nil {
		return nil, err
	}
	roles, err := authz.HeldBy(ctx, tx, who, "")
	if err != nil {
		return nil, err
	}
	terms.Policy = policy.UserConsent()
	terms.Administrator = roles.ByRole(authz.GrantAnything) || roles.ByRole(authz.GrantMostThings)
	q.Verdict = Judge(terms, q.Items)
	q.Everybody = terms.Administrator && slices.ContainsFunc(q.Items, func(i Item) bool { return !i.ForAll })
	q.Digest = q.digest()
	return q, nil
}

// A holding is what a client may do for a person, while a question is made.
type holding struct {
	q         *Question
	tx        *sqldb.Tx
	client    ids.ObjectID // empty: the tenant does not have it
	resources map[ids.AppID]*granted
}

// granted is what is granted on one resource.
type granted struct {
	absent      bool
	ahead       bool // the resource has authorized the client ahead
	person, all []string
	said        []Classification
}

// read completes the question with what the scope stands for.
func (h *holding) read(ctx context.Context, o *Offer, p Plea) error {
	scopes, err := oauth2.Scopes(p.Scope)
	if err != nil {
		return err
	}
	var named, openID []string
	listed := false
	for _, s := range scopes {
		resource, isDefault := strings.CutSuffix(s, "/.default")
		switch {
		case oauth2.OpenID(s):
			openID = append(openID, s)
		case isDefault:
			needs, err := h.needsList(ctx, o, resource)
			if err != nil {
				return err
			}
			listed = listed || needs || p.Again
		default:
			named = append(named, s)
		}
	}
	if err := o.addScopes(ctx, h.tx, named); err != nil {
		return err
	}
	if listed {
		if err := o.addListed(ctx, h.tx, ""); err != nil {
			return err
		}
	}
	for _, i := range o.Items {
		if !i.Application {
			if err := h.add(ctx, i); err != nil {
				return err
			}
		}
	}
	return h.addOpenID(ctx, o, openID)
}

// needsList reports whether R/.default stands for what the application lists,
// because it has nothing on R.
func (h *holding) needsList(ctx context.Context, o *Offer, resource string) (bool, error) {
	api, err := o.find(ctx, h.tx, resource)
	if err != nil || api.AppID == o.Application.AppID {
		return false, err
	}
	g, err := h.on(ctx, api.AppID)
	if err != nil || len(g.person) > 0 {
		return false, err
	}
	for _, r := range o.Application.RequiredAccess {
		if r.ResourceAppID == api.AppID && slices.ContainsFunc(r.Access, func(x app.Access) bool {
			i, ok := item(api, x)
			return ok && !i.Application
		}) {
			return true, nil
		}
	}
	return false, nothingListed(resource)
}

// add takes a permission into the question, once.
func (h *holding) add(ctx context.Context, i Item) error {
	if slices.ContainsFunc(h.q.Items, func(j Item) bool { return j.ResourceApp == i.ResourceApp && j.ID == i.ID }) {
		return nil
	}
	if len(h.q.Items) == maxItems {
		return fault.InvalidAt("scope", "A request asks for at most %d permissions.", maxItems)
	}
	g, err := h.on(ctx, i.ResourceApp)
	if err != nil {
		return err
	}
	if i.userName != "" {
		i.Name, i.Description = i.userName, i.userDescription
	}
	i.Granted, i.ForAll, i.Absent, i.Low = containsFold(g.person, i.Value), containsFold(g.all, i.Value), g.absent, lowImpact(i, g.said)
	h.q.Items = append(h.q.Items, i)
	return nil
}

// addOpenID takes the scopes of OpenID Connect into the question. Where nothing
// is granted, whoever asks for nothing still asks who the person is.
func (h *holding) addOpenID(ctx context.Context, o *Offer, scopes []string) error {
	person, all, err := h.anything(ctx)
	if err != nil {
		return err
	}
	for _, g := range h.resources {
		person, all = person || g.ahead, all || g.ahead
	}
	if len(h.q.Items) == 0 && len(scopes) == 0 && !person {
		scopes = []string{"openid", "profile"}
	}
	if len(scopes) == 0 {
		return nil
	}
	before := len(h.q.Items)
	graph, err := o.find(ctx, h.tx, string(app.GraphAppID))
	if err != nil {
		return err
	}
	for _, s := range scopes {
		for _, sc := range graph.API.Scopes {
			if sc.Value != s {
				continue
			}
			i, _ := item(graph, app.Access{ID: sc.ID, Type: "Scope"})
			if err := h.add(ctx, i); err != nil {
				return err
			}
		}
	}
	for n := before; n < len(h.q.Items); n++ {
		i := &h.q.Items[n]
		i.Granted, i.ForAll = i.Granted || person, i.ForAll || all
	}
	return nil
}

// anything reports whether the client may do anything at all for the person,
// and for everybody.
func (h *holding) anything(ctx context.Context) (person, all bool, err error) {
	if h.client == "" {
		return false, false, nil
	}
	if person, err = AnythingNow(ctx, h.tx, h.q.Tenant, h.client, h.q.Person); err != nil || !person {
		return person, false, err
	}
	all, err = AnythingNow(ctx, h.tx, h.q.Tenant, h.client, "")
	return person, all, err
}

// on returns what is granted on a resource.
func (h *holding) on(ctx context.Context, resource ids.AppID) (*granted, error) {
	if g := h.resources[resource]; g != nil {
		return g, nil
	}
	g := &granted{}
	h.resources[resource] = g
	api, err := app.PrincipalByAppID(ctx, h.tx, h.q.Tenant, resource)
	if errors.Is(err, fault.NotFound) {
		g.absent = resource != h.q.Application.AppID // itself it brings along
		return g, nil
	}
	if err != nil {
		return nil, err
	}
	if g.said, err = Classifications(ctx, h.tx, h.q.Tenant, api.ID); err != nil || h.client == "" {
		return g, err
	}
	client, on := Client{h.q.Application.AppID, h.client}, Client{resource, api.ID}
	if g.person, g.ahead, err = ScopesFor(ctx, h.tx, h.q.Tenant, client, on, h.q.Person); err != nil {
		return nil, err
	}
	g.all, _, err = ScopesFor(ctx, h.tx, h.q.Tenant, client, on, "")
	return g, err
}

func containsFold(list []string, s string) bool {
	return slices.ContainsFunc(list, func(have string) bool { return strings.EqualFold(have, s) })
}

func (q *Question) digest() secret.Digest {
	a := q.Application
	parts := []string{string(q.Tenant), string(q.Person), string(a.AppID), string(a.Tenant), a.DisplayName, text(a.VerifiedPublisher.DisplayName),
		string(q.Verdict), strconv.FormatBool(q.Everybody)}
	for _, i := range q.Items {
		parts = append(parts, string(i.ResourceApp), i.ResourceName, string(i.ID), i.Value, i.Name, i.Description,
			strconv.FormatBool(i.Granted), strconv.FormatBool(i.ForAll))
	}
	return secret.DigestOf(parts...)
}
