package lab

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/coreos/go-oidc/v3/oidc"
)

// A sampleAPI is a small service of tenant B, written as anyone would write it
// against any issuer: the library finds the issuer's keys by discovery and
// checks signature, issuer, audience and times; the service asks for its role.
// Nothing in it knows entente.
type sampleAPI struct {
	verifier *oidc.IDTokenVerifier
	role     string
}

// newSampleAPI discovers the issuer and returns a service for tokens whose
// audience is the application.
func newSampleAPI(ctx context.Context, over *http.Client, issuer, app, role string) (*sampleAPI, error) {
	// The library keeps the context for the key requests to come.
	ctx = oidc.ClientContext(context.WithoutCancel(ctx), over)
	provider, err := oidc.NewProvider(ctx, issuer)
	if err != nil {
		return nil, err
	}
	return &sampleAPI{provider.Verifier(&oidc.Config{ClientID: app}), role}, nil
}

// ServeHTTP answers GET /orders for whoever has the role.
func (s *sampleAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet || r.URL.Path != "/orders" {
		http.NotFound(w, r)
		return
	}
	raw, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		w.Header().Set("WWW-Authenticate", "Bearer")
		sampleAnswer(w, http.StatusUnauthorized, map[string]any{"error": "no token"})
		return
	}
	token, err := s.verifier.Verify(r.Context(), raw)
	if err != nil {
		w.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
		sampleAnswer(w, http.StatusUnauthorized, map[string]any{"error": err.Error()})
		return
	}
	var claims struct {
		Roles []string `json:"roles"`
		App   string   `json:"azp"`
	}
	if err := token.Claims(&claims); err != nil || !slices.Contains(claims.Roles, s.role) {
		sampleAnswer(w, http.StatusForbidden, map[string]any{"error": "the role " + s.role + " is needed"})
		return
	}
	sampleAnswer(w, http.StatusOK, map[string]any{
		"orders": []string{"1001", "1002", "1003"},
		"caller": claims.App,
	})
}

func sampleAnswer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(body)
}
