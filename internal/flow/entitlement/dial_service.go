package entitlement

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"time"

	"entente/internal/core/audit"
	"entente/internal/core/keys"
	"entente/internal/core/token"
	"entente/internal/flow/offer"
	"entente/internal/kit/clock"
	"entente/internal/kit/fault"
	"entente/internal/kit/fetch"
	"entente/internal/kit/ids"
	"entente/internal/kit/jobs"
	"entente/internal/kit/sqldb"
)

// Outward is by what endpoints are called: how they are reached, and what signs.
type Outward struct {
	Client *fetch.Client
	Keys   *keys.Service
	Tokens *token.Service
	Clock  clock.Clock
}

// Call has endpoints of custom extensions called. Before, none is.
func (s *Service) Call(o Outward) { s.out = &o }

// CallOut is the handler of CalloutKind: it calls an endpoint that has not taken
// the call yet. A server that ends between the endpoint's answer and ours calls it
// again, with the same identifier.
func (s *Service) CallOut(ctx context.Context, w *jobs.Work) error {
	if s.out == nil {
		return fault.New(fault.Unavailable, "No endpoints are called from here.")
	}
	var c *Callout
	var e *offer.Extension
	var body []byte
	err := s.db.View(ctx, func(tx *sqldb.Tx) (err error) {
		c = nil
		found, err := calloutByID(ctx, tx, w.Tenant, w.Key)
		if err != nil || found.Over() || !found.SentAt.IsZero() {
			return err
		}
		if e, err = offer.ExtensionByID(ctx, tx, w.Tenant, found.Extension); err != nil {
			return err
		}
		c = found
		body, err = calloutBody(ctx, tx, c)
		return err
	})
	if missing(err) || err == nil && c == nil {
		return nil // deleted, over, or taken
	}
	if err != nil {
		return err
	}
	// Outside any transaction: an endpoint takes its time.
	correlation, called := s.dial(ctx, c, e, body)
	if called != nil && ctx.Err() != nil {
		return called // we are ending, not the endpoint
	}
	return s.db.Update(ctx, func(tx *sqldb.Tx) error { return s.noteCall(ctx, tx, w, c.ID, e, correlation, called) })
}

// noteCall stores what came of a call, together with the end of the job.
func (s *Service) noteCall(ctx context.Context, tx *sqldb.Tx, w *jobs.Work, id string, e *offer.Extension, correlation string, called error) error {
	if err := w.Complete(ctx, tx); err != nil {
		return err
	}
	c, err := calloutByID(ctx, tx, w.Tenant, id)
	if err != nil || c.Over() {
		return err // its word came before its answer
	}
	c.Tries++
	if called == nil {
		c.SentAt, c.Correlation, c.Detail = tx.Now(), correlation, ""
		if c.Status == CalloutPending {
			if err := c.end(CalloutSent, "", tx.Now()); err != nil {
				return err
			}
		}
		if err := tellCall(ctx, tx, c, e, ""); err != nil {
			return err
		}
		return putCallout(ctx, tx, c)
	}
	c.Detail = fault.Public(called).Message
	if retries, _ := offer.ClientOf(e); c.Tries <= retries {
		if err := putCallout(ctx, tx, c); err != nil {
			return err
		}
		return jobs.Enqueue(ctx, tx, jobs.Job{Kind: CalloutKind, Tenant: c.Tenant, Key: c.ID, NotBefore: tx.Now().Add(pauseBefore(c.Tries))})
	}
	if err := c.end(CalloutFailed, "", tx.Now()); err != nil {
		return err
	}
	if err := putCallout(ctx, tx, c); err != nil {
		return err
	}
	if err := tellCall(ctx, tx, c, e, c.Detail); err != nil || !c.Holds {
		return err
	}
	l, err := loadOf(ctx, tx, c.Tenant, c.Request)
	if err != nil || l.r.Callout != c.ID {
		return err
	}
	return s.stop(ctx, tx, actor(c.Tenant), &l, c, statusCalloutFailed, "The custom extension could not be called: "+c.Detail)
}

// tellCall records that an endpoint took a call, or why it could not be called.
func tellCall(ctx context.Context, tx *sqldb.Tx, c *Callout, e *offer.Extension, failure string) error {
	return audit.Record(ctx, tx, actor(c.Tenant), audit.Entry{
		Category: "EntitlementManagement", Activity: calledExtension, Service: "Entitlement Management",
		Target:  audit.Target{Kind: "CustomExtension", ID: string(e.ID), Name: e.Name},
		Detail:  map[string]string{"stage": c.Stage, "instance": c.ID, "request": string(c.Request), "assignment": string(c.Assignment)},
		Failure: failure,
	})
}

// tokenLife is how long an endpoint takes the token of a call.
const tokenLife = 5 * time.Minute

// dial calls an endpoint once and returns what the endpoint calls the call.
func (s *Service) dial(ctx context.Context, c *Callout, e *offer.Extension, body []byte) (correlation string, err error) {
	u, err := url.Parse(e.Endpoint.URL)
	if err != nil {
		return "", fault.Because(fault.Invalid, offer.BadEndpoint, "The endpoint's address cannot be read.").Wrap(err)
	}
	signer, err := s.out.Keys.Signer(ctx, c.Tenant)
	if err != nil {
		return "", err
	}
	now, sum := s.out.Clock.Wall(), sha256.Sum256(body)
	signed, err := signer.V2.Sign(map[string]any{
		"iss": s.out.Tokens.IssuerV2(c.Tenant), "aud": audienceOf(e), "sub": string(e.ID), "tid": string(c.Tenant), "jti": ids.New[string](),
		"iat": now.Unix(), "nbf": now.Unix(), "exp": now.Add(tokenLife).Unix(), "ts": now.Unix(),
		"m": "POST", "u": u.Host, "p": u.EscapedPath(), "b": base64.RawURLEncoding.EncodeToString(sum[:]), "instance": c.ID,
	})
	if err != nil {
		return "", err
	}
	_, within := offer.ClientOf(e)
	answer, err := s.out.Client.Post(ctx, e.Endpoint.URL, fetch.Sent{Type: "application/json", Body: body, Within: within, Header: map[string]string{
		"Authorization":  "Bearer " + signed,
		"Content-Digest": "sha-256=:" + base64.StdEncoding.EncodeToString(sum[:]) + ":",
	}})
	if err != nil {
		return "", err
	}
	return cut(answer.Get("X-Ms-Workflow-Run-Id"), 200), nil
}

func cut(s string, most int) string { return s[:min(len(s), most)] }

// A party is a subject as endpoints are told of it.
type party struct {
	ID       ids.SubjectID `json:"id"`
	ObjectID *ids.ObjectID `json:"objectId"`
	Name     string        `json:"displayName"`
	Email    string        `json:"email,omitempty"`
}

func calledParty(s *Subject) party {
	p := party{ID: s.ID, Name: s.Name, Email: s.Email}
	if s.Object != "" {
		p.ObjectID = &s.Object
	}
	return p
}

// called is the body of a call, in the words of Graph's callout data.
type called struct {
	Type     string           `json:"@odata.type"`
	Instance string           `json:"customExtensionStageInstanceId"`
	Stage    string           `json:"stage"`
	Request  ids.RequestID    `json:"accessPackageAssignmentRequestId,omitempty"`
	Kind     RequestType      `json:"requestType,omitempty"`
	State    RequestState     `json:"state,omitempty"`
	Status   string           `json:"status,omitempty"`
	Words    string           `json:"justification,omitempty"`
	Answers  []map[string]any `json:"answers,omitempty"`
	Path     string           `json:"callbackUriPath,omitempty"`
	Callback map[string]any   `json:"callbackConfiguration,omitempty"`
	Package  map[string]any   `json:"accessPackage"`
	Catalog  map[string]any   `json:"accessPackageCatalog"`
	By       *party           `json:"requestor,omitempty"`
	Target   party            `json:"target"`
	Access   map[string]any   `json:"assignment,omitempty"`
}

// calloutBody returns what an endpoint is told, as things are now.
func calloutBody(ctx context.Context, tx *sqldb.Tx, c *Callout) ([]byte, error) {
	out := called{Type: "#microsoft.graph.accessPackageAssignmentRequestCalloutData", Instance: c.ID, Stage: c.Stage}
	pkg, a, target := ids.PackageID(""), (*Assignment)(nil), ids.SubjectID("")
	if c.Request != "" {
		l, err := loadOf(ctx, tx, c.Tenant, c.Request)
		if err != nil {
			return nil, err
		}
		by, err := subjectByID(ctx, tx, c.Tenant, l.r.Requestor)
		if err != nil {
			return nil, err
		}
		from := calledParty(by)
		pkg, a, target = l.r.Package, l.a, l.r.Target
		out.Request, out.Kind, out.State, out.Status, out.Words, out.By = l.r.ID, l.r.Type, l.r.State, l.r.Status, l.r.Justification, &from
		for _, answer := range l.r.Answers {
			out.Answers = append(out.Answers, map[string]any{"answeredQuestion": map[string]any{"id": answer.Question, "text": answer.Text}, "value": answer.Value, "displayValue": answer.Display})
		}
		if c.Holds {
			out.Path = "/v1.0/identityGovernance/entitlementManagement/assignmentRequests/" + string(l.r.ID) + "/resume"
			out.Callback = map[string]any{"timeoutDuration": fmt.Sprintf("PT%dS", int64(c.Until.Sub(c.CreatedAt).Seconds()))}
		}
	} else {
		var err error
		if a, err = assignmentByID(ctx, tx, c.Tenant, c.Assignment); err != nil {
			return nil, err
		}
		pkg, target, out.Type = a.Package, a.Target, "#microsoft.graph.accessPackageAssignmentCalloutData"
	}
	p, err := offer.PackageByID(ctx, tx, c.Tenant, pkg)
	if err != nil {
		return nil, err
	}
	in, err := offer.CatalogByID(ctx, tx, c.Tenant, p.Catalog)
	if err != nil {
		return nil, err
	}
	t, err := subjectByID(ctx, tx, c.Tenant, target)
	if err != nil {
		return nil, err
	}
	out.Package = map[string]any{"id": p.ID, "displayName": p.Name, "description": p.Description}
	out.Catalog = map[string]any{"id": in.ID, "displayName": in.Name}
	out.Target = calledParty(t)
	if a != nil {
		out.Access = map[string]any{"id": a.ID, "state": a.State, "startDateTime": stamp(a.StartsAt)}
		if !a.EndsAt.IsZero() {
			out.Access["endDateTime"] = stamp(a.EndsAt)
		}
	}
	return json.Marshal(out)
}
