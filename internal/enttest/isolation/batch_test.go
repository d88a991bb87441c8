package isolation

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"entente/internal/edge/graph/edm"
	"entente/internal/enttest"
	"entente/internal/enttest/graphtest"
)

// strangeBatch has the stranger ask in batches for what is the victim's on
// every route, with the victim's token offered in the items' own headers: the
// outer request alone says who asks. Each item must be refused.
func (g *ground) strangeBatch(t *testing.T, all []route) {
	t.Helper()
	var asks []ask
	for _, r := range all {
		if r.set.Path.V1 == "" || r.named() == 0 {
			continue
		}
		of := func(x *side) ask { return r.ask(t, g, edm.V1, slices.Repeat([]*side{x}, r.entities()), x) }
		if of(g.victim).path != of(g.stranger).path { // built-in roles are the same everywhere
			asks = append(asks, of(g.victim))
		}
	}
	for some := range slices.Chunk(asks, 20) {
		var items []map[string]any
		for i, a := range some {
			item := map[string]any{
				"id": string(rune('a' + i)), "method": a.method, "url": strings.TrimPrefix(a.path, "/v1.0"),
				"headers": map[string]string{"Content-Type": "application/json", "Authorization": "Bearer " + g.victim.graph, "ConsistencyLevel": "eventual"},
			}
			if p, ok := a.body.(graphtest.Picture); ok {
				item["body"] = base64.RawURLEncoding.EncodeToString(p)
				item["headers"].(map[string]string)["Content-Type"] = graphtest.PictureType
			} else if a.body != nil {
				item["body"] = a.body
			}
			items = append(items, item)
		}
		whole := ask{http.MethodPost, "/v1.0/$batch", map[string]any{"requests": items}}
		got := g.send(t, g.stranger.graph, whole)
		if got.Status != http.StatusOK {
			t.Fatalf("batch: %d %s", got.Status, got.Body)
		}
		g.refused(t, some, got)
		g.keepsSecret(t, whole, got)
	}
}

func (g *ground) refused(t *testing.T, asks []ask, got enttest.Answer) {
	t.Helper()
	var answer struct {
		Responses []struct {
			ID     string
			Status int
			Body   json.RawMessage
		}
	}
	got.Into(t, &answer)
	if len(answer.Responses) != len(asks) {
		t.Errorf("%d answers to %d requests", len(answer.Responses), len(asks))
	}
	for _, r := range answer.Responses {
		if a := asks[r.ID[0]-'a']; r.Status < 400 || r.Status >= 500 {
			t.Errorf("in a batch, %s %s answers a stranger %d %s", a.method, a.path, r.Status, r.Body)
		}
	}
}
