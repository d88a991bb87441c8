package graphtest

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// batched is one answer of a batch.
type batched struct {
	ID      string            `json:"id"`
	Status  int               `json:"status"`
	Headers map[string]string `json:"headers"`
	Body    json.RawMessage   `json:"body"`
}

// Batch sends requests in one and returns the answers by id, with their order.
func (c *Client) batch(t *testing.T, w *World, requests ...map[string]any) (byID map[string]batched, order []string) {
	t.Helper()
	a := c.Send(t, w, http.StatusOK, "POST", "/v1.0/$batch", map[string]any{"requests": requests})
	var body struct{ Responses []batched }
	must(t, json.Unmarshal(a.Raw, &body))
	byID = make(map[string]batched)
	for _, b := range body.Responses {
		byID[b.ID] = b
		order = append(order, b.ID)
	}
	return byID, order
}

func ask(id, method, url string, dependsOn ...string) map[string]any {
	m := map[string]any{"id": id, "method": method, "url": url}
	if dependsOn != nil {
		m["dependsOn"] = dependsOn
	}
	return m
}

// with adds a body and headers.
func with(m map[string]any, body any, headers ...string) map[string]any {
	h := map[string]string{}
	for i := 0; i+1 < len(headers); i += 2 {
		h[headers[i]] = headers[i+1]
	}
	m["headers"] = h
	if body != nil {
		m["body"] = body
		h["Content-Type"] = "application/json"
	}
	return m
}

func TestBatch(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "User.ReadWrite.All")
		got, order := c.batch(t, w,
			ask("after", "GET", "/users/new@contoso.example?$select=displayName", "MAKE"),
			with(ask("make", "post", "users"), NewUser(w.A.Domain, "new")),
			ask("count", "GET", "/users/$count"),
			with(ask("counted", "GET", "/users/$count"), nil, "consistencylevel", "eventual"),
			ask("spaces", "GET", "/users?$filter=displayName eq 'new'&$select=id", "after"),
			ask("refused", "GET", "/applications"),
			ask("unmade", "GET", "/users", "refused"),
			ask("unmade too", "GET", "/users", "unmade"),
			ask("absolute", "GET", "https://graph.microsoft.com/beta/users/"+string(w.A.Admin)+"?$select=id"),
			ask("named", "GET", "/users(userPrincipalName='admin@contoso.example')?$select=id"),
			with(ask("gone", "DELETE", "/users/new@contoso.example", "spaces"), nil, "Authorization", "Bearer nonsense", "Host", "localhost:8443"),
			ask("nested", "POST", "/$batch"),
			ask("metadata", "GET", "/$metadata"),
			with(ask("typeless", "POST", "/users"), nil),
		)
		want := map[string]int{
			"after": 200, "make": 201, "count": 400, "counted": 200, "spaces": 200, "refused": 403, "unmade": 424, "unmade too": 424,
			"absolute": 200, "named": 200, "gone": 204, "nested": 400, "metadata": 200, "typeless": 400,
		}
		for id, status := range want {
			if got[id].Status != status {
				t.Errorf("%s: got %d %s, want %d", id, got[id].Status, got[id].Body, status)
			}
		}
		if wantOrder := []string{
			"make", "after", "count", "counted", "spaces", "refused", "unmade", "unmade too", "absolute", "named", "gone", "nested", "metadata", "typeless",
		}; !slices.Equal(order, wantOrder) {
			t.Errorf("order = %v", order)
		}
		for id, body := range map[string]string{
			"after":   `{"@odata.context":"` + Own + `/v1.0/$metadata#users(displayName)/$entity","displayName":"new"}`,
			"counted": `"2"`, "gone": "",
			"absolute": `{"@odata.context":"` + Own + `/beta/$metadata#users(id)/$entity","id":"` + string(w.A.Admin) + `"}`,
		} {
			if string(got[id].Body) != body {
				t.Errorf("%s: got %s, want %s", id, got[id].Body, body)
			}
		}
		if h := got["make"].Headers; !strings.HasPrefix(h["Location"], Own+"/v1.0/users/") || h["Content-Type"] == "" || h["Request-Id"] != "" {
			t.Errorf("headers = %v", h)
		}
		if !strings.Contains(string(got["unmade"].Body), `"code":"FailedDependency"`) || !strings.Contains(string(got["refused"].Body), `"leastPermission":"Application.Read`) {
			t.Errorf("got %s and %s", got["unmade"].Body, got["refused"].Body)
		}
	})
}

// TestBatchAuthority: a batch does for its caller what single requests do, and
// no more.
func TestBatchAuthority(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		me := ask("1", "GET", "/me?$select=id")
		c := w.Person(t, w.A, w.A.Admin, "User.Read")
		if got, _ := c.batch(t, w, me); got["1"].Status != http.StatusOK || !strings.Contains(string(got["1"].Body), string(w.A.Admin)) {
			t.Errorf("got %v", got["1"])
		}
		stranger := w.Client(t, w.B, Everything...)
		got, _ := stranger.batch(t, w, me, ask("2", "GET", "/users/"+string(w.A.Admin)), ask("3", "GET", "/users"))
		if got["1"].Status != http.StatusBadRequest || got["2"].Status != http.StatusNotFound || strings.Contains(string(got["3"].Body), "contoso") {
			t.Errorf("got %v", got)
		}
		for _, token := range []string{"", "nonsense"} {
			if a := w.Call(t, token, "POST", "/v1.0/$batch", map[string]any{"requests": []any{ask("1", "GET", "/$metadata")}}); a.Status != http.StatusUnauthorized {
				t.Errorf("a batch with the token %q: got %d", token, a.Status)
			}
		}
	})
}

func TestWrongBatches(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		c := w.Client(t, w.A, "User.Read.All")
		var many []any
		for i := range 21 {
			many = append(many, ask(fmt.Sprint(i), "GET", "/users"))
		}
		const invalid = "Invalid batch payload format."
		for name, tt := range map[string]struct {
			body          any
			code, message string
		}{
			"21":            {map[string]any{"requests": many}, "MaximumValueExceeded", "Number of batch request steps exceeds the maximum value of 20."},
			"none":          {`{"requests":[]}`, "BadRequest", invalid},
			"no list":       {`{"requests":{}}`, "BadRequest", invalid},
			"nothing":       {`{}`, "BadRequest", invalid},
			"null":          {`{"requests":[null]}`, "BadRequest", invalid},
			"no JSON":       {`{`, "BadRequest", invalid},
			"without id":    {`{"requests":[{"method":"GET","url":"/users"}]}`, "BadRequest", invalid},
			"same id":       {map[string]any{"requests": []any{ask("a", "GET", "/users"), ask("A", "GET", "/users")}}, "BadRequest", invalid},
			"circle":        {map[string]any{"requests": []any{ask("a", "GET", "/users", "b"), ask("b", "GET", "/users", "a")}}, "BadRequest", invalid},
			"on itself":     {map[string]any{"requests": []any{ask("a", "GET", "/users", "a")}}, "BadRequest", invalid},
			"on nobody":     {map[string]any{"requests": []any{ask("a", "GET", "/users", "b")}}, "BadRequest", invalid},
			"atomic groups": {`{"requests":[{"id":"1","method":"GET","url":"/users","atomicityGroup":"g"}]}`, "BadRequest", invalid},
		} {
			a := c.Send(t, w, http.StatusBadRequest, "POST", "/v1.0/$batch", tt.body)
			if code, message := a.Error(); code != tt.code || message != tt.message {
				t.Errorf("%s: got %s %s", name, code, message)
			}
		}
		c.Send(t, w, http.StatusMethodNotAllowed, "GET", "/v1.0/$batch", nil)
		var z bytes.Buffer
		g := gzip.NewWriter(&z)
		must(t, json.NewEncoder(g).Encode(map[string]any{"requests": many[:20]}))
		must(t, g.Close())
		a := c.Send(t, w, http.StatusOK, "POST", "/beta/$batch", z.Bytes(), "Content-Encoding", "gzip")
		if answers := a.Body["responses"].([]any); len(answers) != 20 {
			t.Errorf("got %d answers", len(answers))
		}
	})
}
