package offer

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"entente/internal/kit/fault"
)

// TestClientConfiguration is what an extension may say of how it is called, and what
// becomes of it.
func TestClientConfiguration(t *testing.T) {
	for _, tt := range []struct {
		name, text, target string
		retries            int
		within             time.Duration
	}{
		{"nothing", ``, "", 1, time.Second},
		{"null", `null`, "", 1, time.Second},
		{"empty", `{}`, "", 1, time.Second},
		{"nulls", `{"@odata.type":"#microsoft.graph.customExtensionClientConfiguration","maximumRetries":null,"timeoutInMilliseconds":null}`, "", 1, time.Second},
		{"the least", `{"maximumRetries":0,"timeoutInMilliseconds":200}`, "", 0, 200 * time.Millisecond},
		{"the most", `{"maximumRetries":1,"timeoutInMilliseconds":2000}`, "", 1, 2 * time.Second},
		{"two retries", `{"maximumRetries":2}`, "clientConfiguration.maximumRetries", 1, time.Second},
		{"fewer than none", `{"maximumRetries":-1}`, "clientConfiguration.maximumRetries", 1, time.Second},
		{"too short", `{"timeoutInMilliseconds":199}`, "clientConfiguration.timeoutInMilliseconds", 1, time.Second},
		{"too long", `{"timeoutInMilliseconds":2001}`, "clientConfiguration.timeoutInMilliseconds", 1, time.Second},
		{"text", `{"timeoutInMilliseconds":"1000"}`, "clientConfiguration", 1, time.Second},
		{"a fraction", `{"maximumRetries":0.5}`, "clientConfiguration", 1, time.Second},
		{"something else", `{"retriableStatusCodes":[500]}`, "clientConfiguration", 1, time.Second},
		{"a list", `[]`, "clientConfiguration", 1, time.Second},
	} {
		e := &Extension{Kind: RequestExtension, Name: "e", Endpoint: Endpoint{URL: "https://hook.example/"}, Client: json.RawMessage(tt.text)}
		err := e.Check()
		if got := fault.Public(err); err != nil && (!errors.Is(err, fault.Invalid) || got.Target != tt.target) || err == nil && tt.target != "" {
			t.Errorf("%s: %v, at %q", tt.name, err, got.Target)
		}
		if retries, within := ClientOf(e); retries != tt.retries || within != tt.within {
			t.Errorf("%s: %d retries, %s", tt.name, retries, within)
		}
	}
}
