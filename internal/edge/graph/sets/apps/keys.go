package apps

import (
	"context"
	"encoding/json"

	"entente/internal/core/app"
	"entente/internal/core/authz"
	"entente/internal/edge/graph/edm"
	"entente/internal/kit/ids"
)

// A keyring is what changes the secrets and certificates of an object.
type keyring struct {
	addPassword    func(context.Context, authz.Caller, ids.ObjectID, app.PasswordCredential) (app.PasswordCredential, error)
	removePassword func(context.Context, authz.Caller, ids.ObjectID, ids.KeyID) error
	addKey         func(context.Context, authz.Caller, ids.ObjectID, app.KeyCredential, string) (app.KeyCredential, error)
	removeKey      func(context.Context, authz.Caller, ids.ObjectID, ids.KeyID, string) error
}

// An ask for a change of keys; each action takes some of it.
type keyAsk struct {
	Password app.PasswordCredential `json:"passwordCredential"`
	Key      app.KeyCredential      `json:"keyCredential"`
	KeyID    ids.KeyID              `json:"keyId"`
	Proof    string                 `json:"proof"`
}

// keyActions declares addPassword, removePassword, addKey and removeKey.
// https://learn.microsoft.com/graph/api/application-addkey?view=graph-rest-1.0
func keyActions(may edm.Access, k keyring) []edm.Action {
	password := edm.Prop{Name: "passwordCredential", Type: edm.Of("passwordCredential")}
	key := edm.Prop{Name: "keyCredential", Type: edm.Of("keyCredential"), Required: true}
	keyID := edm.Prop{Name: "keyId", Type: edm.Guid, Required: true}
	proof := edm.Prop{Name: "proof", Type: edm.String, Required: true}
	return []edm.Action{
		{
			Name: "addPassword", May: may, Returns: password.Type, Params: []edm.Prop{password},
			Do: keyAction(func(ctx context.Context, r *edm.Request, ask keyAsk) (any, error) {
				return k.addPassword(ctx, r.Who, ids.ObjectID(r.ID), ask.Password)
			}),
		},
		{
			Name: "removePassword", May: may, Params: []edm.Prop{keyID},
			Do: keyAction(func(ctx context.Context, r *edm.Request, ask keyAsk) (any, error) {
				return nil, k.removePassword(ctx, r.Who, ids.ObjectID(r.ID), ask.KeyID)
			}),
		},
		{
			Name: "addKey", May: may, Returns: key.Type, Params: []edm.Prop{key, password, proof},
			Do: keyAction(func(ctx context.Context, r *edm.Request, ask keyAsk) (any, error) {
				return k.addKey(ctx, r.Who, ids.ObjectID(r.ID), ask.Key, ask.Proof)
			}),
		},
		{
			Name: "removeKey", May: may, Params: []edm.Prop{keyID, proof},
			Do: keyAction(func(ctx context.Context, r *edm.Request, ask keyAsk) (any, error) {
				return nil, k.removeKey(ctx, r.Who, ids.ObjectID(r.ID), ask.KeyID, ask.Proof)
			}),
		},
	}
}

func keyAction(do func(context.Context, *edm.Request, keyAsk) (any, error)) func(context.Context, *edm.Request) (json.RawMessage, error) {
	return func(ctx context.Context, r *edm.Request) (json.RawMessage, error) {
		var ask keyAsk
		if err := json.Unmarshal(r.Body, &ask); err != nil {
			return nil, err
		}
		made, err := do(ctx, r, ask)
		if err != nil {
			return nil, err
		}
		return json.Marshal(made)
	}
}
