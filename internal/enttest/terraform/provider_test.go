package terraform

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"entente/internal/enttest/graphtest"
	"entente/internal/kit/ids"
)

// polls is how often the provider reads what it has written or removed.
const polls = 5

// m is an object as the provider writes it.
type m = map[string]any

// A provider asks as the azuread provider does, for one client.
type provider struct {
	*testing.T
	w *graphtest.World
	c *graphtest.Client
}

// ask wants a status.
func (p provider) ask(status int, method, path string, body any) graphtest.Answer {
	p.Helper()
	return p.c.Send(p, p.w, status, method, path, body,
		"Accept", "application/json; charset=utf-8; IEEE754Compatible=false", "OData-Version", "4.0", "OData-MaxVersion", "4.0")
}

// bind is an address as the provider writes it: its tenant stands in it.
func (p provider) bind(id string) string {
	return fmt.Sprintf("https://graph.microsoft.com/v1.0/%s/directoryObjects/%s", p.c.Tenant.ID, id)
}

// create makes a resource whose real name comes with a second request, as the
// provider finds out whether a replica knows of it yet. It returns its address.
func (p provider) create(set, name string, body m) string {
	p.Helper()
	final := body[name]
	body[name] = placeholder()
	path := set + "/" + p.ask(http.StatusCreated, http.MethodPost, set, body).Text("id")
	p.update(path, m{name: final})
	body[name] = final
	return path
}

func placeholder() string { return "TERRAFORM_UPDATE_" + string(ids.New[ids.ObjectID]()) }

// dance changes a property and changes it back.
func (p provider) dance(path, name string, value any) {
	p.Helper()
	p.update(path, m{name: placeholder()})
	p.update(path, m{name: value})
}

// update changes a resource and waits until it reads as written.
func (p provider) update(path string, body m) {
	p.Helper()
	p.ask(http.StatusNoContent, http.MethodPatch, path, body)
	for range polls {
		p.shows(path, body)
	}
}

// shows wants a resource to read as it was written, or each plan would change
// it once more.
func (p provider) shows(path string, sent m) {
	p.Helper()
	got := p.ask(http.StatusOK, http.MethodGet, path, nil).Body
	text, err := json.Marshal(sent)
	if err != nil {
		p.Fatal(err)
	}
	var want m
	if err := json.Unmarshal(text, &want); err != nil {
		p.Fatal(err)
	}
	if where := differ("", want, got); where != "" {
		p.Errorf("GET %s: %s", path, where)
	}
}

// differ says where what was sent is not what came back.
func differ(at string, sent, got any) string {
	switch sent := sent.(type) {
	case m:
		shown, ok := got.(m)
		if !ok {
			return fmt.Sprintf("%s = %v, was sent as %v", at, got, sent)
		}
		for name, value := range sent {
			if strings.Contains(name, "@") || name == "passwordProfile" {
				continue
			}
			if where := differ(at+"/"+name, value, shown[name]); where != "" {
				return where
			}
		}
	case []any:
		shown, _ := got.([]any)
		if len(shown) != len(sent) {
			return fmt.Sprintf("%s = %v, was sent as %v", at, got, sent)
		}
		for i := range sent {
			if where := differ(fmt.Sprintf("%s/%d", at, i), sent[i], shown[i]); where != "" {
				return where
			}
		}
	default:
		if !reflect.DeepEqual(sent, got) {
			return fmt.Sprintf("%s = %v, was sent as %v", at, got, sent)
		}
	}
	return ""
}

// found wants a filter to find one resource.
func (p provider) found(path, id string) {
	p.Helper()
	if items := p.ask(http.StatusOK, http.MethodGet, path, nil).Items(); len(items) != 1 || items[0]["id"] != id {
		p.Errorf("GET %s: %v, want %s alone", path, items, id)
	}
}

// members wants a relationship to hold these, and takes the caller out if it
// made itself an owner.
func (p provider) members(path string, want ...string) {
	p.Helper()
	got := make(map[string]bool)
	for _, o := range p.ask(http.StatusOK, http.MethodGet, path, nil).Items() {
		got[fmt.Sprint(o["id"])] = true
		if o["@odata.type"] == nil {
			p.Errorf("GET %s: %v has no @odata.type", path, o["id"])
		}
	}
	for _, id := range want {
		if !got[id] || len(got) != len(want) {
			p.Errorf("GET %s: %v, want %v", path, got, want)
		}
	}
}

// handOver makes somebody an owner in place of the caller.
func (p provider) handOver(path, to string) {
	p.Helper()
	caller := string(p.c.Principal.ID)
	p.members(path+"/owners", caller)
	p.ask(http.StatusOK, http.MethodGet, "/v1.0/directoryObjects/"+to, nil)
	p.ask(http.StatusNoContent, http.MethodPost, path+"/owners/$ref", m{"@odata.id": p.bind(to)})
	p.ask(http.StatusNoContent, http.MethodDelete, path+"/owners/"+caller+"/$ref", nil)
	for range polls {
		p.members(path+"/owners", to)
	}
}

// destroy removes a resource and waits until it is not found.
func (p provider) destroy(path string) {
	p.Helper()
	p.ask(http.StatusNoContent, http.MethodDelete, path, nil)
	p.absent(path)
}

func (p provider) absent(path string) {
	p.Helper()
	for range polls {
		p.ask(http.StatusNotFound, http.MethodGet, path, nil)
	}
}
