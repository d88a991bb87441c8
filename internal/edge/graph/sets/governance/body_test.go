package governance

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"time"

	"entente/internal/edge/graph/edm"
	"entente/internal/flow/offer"
	"entente/internal/kit/fault"
)

func TestDurations(t *testing.T) {
	for _, tt := range []struct {
		in, out string
		d       time.Duration
		bad     bool
	}{
		{"P14D", "P14D", 14 * day, false},
		{"P2W", "P14D", 14 * day, false},
		{"P52W1D", "P365D", 365 * day, false},
		{"P1WT12H", "P7DT12H", 7*day + 12*time.Hour, false},
		{"P", "PT0S", 0, false},
		{"", "PT0S", 0, false},
		{"PT0S", "PT0S", 0, false},
		{"PT8H", "PT8H", 8 * time.Hour, false},
		{"PT90M", "PT1H30M", 90 * time.Minute, false},
		{"pt5.5s", "PT5S", 5 * time.Second, false},
		{"P1Y", "", 0, true},
		{"P1M", "", 0, true},
		{"14.00:00:00", "", 0, true},
		{"-P1D", "", 0, true},
		{"PT", "", 0, true},
		{"P9999999D", "", 0, true},
	} {
		d, ok := parseDuration(tt.in)
		if ok == tt.bad || ok && (d != tt.d || formatDuration(d) != tt.out) {
			t.Errorf("%s: got %v %t %s, want %v %s", tt.in, d, ok, formatDuration(d), tt.d, tt.out)
		}
	}
}

// terraform is what the provider sends, with its nulls.
const terraform = `{"@odata.type":"#microsoft.graph.accessPackageAssignmentPolicy","accessPackageId":"6f0ba2b4-6a3b-4d5e-9a44-0f7a3bb8a001",
	"displayName":"n","description":"d","canExtend":false,"durationInDays":90,"expirationDateTime":null,
	"requestorSettings":{"scopeType":"SpecificConnectedOrganizationSubjects","acceptRequests":null,"allowedRequestors":[
		{"@odata.type":"#microsoft.graph.connectedOrganizationMembers","id":"6f0ba2b4-6a3b-4d5e-9a44-0f7a3bb8a002","isBackup":false}]},
	"requestApprovalSettings":{"isApprovalRequired":true,"isApprovalRequiredForExtension":false,"isRequestorJustificationRequired":true,"approvalStages":[
		{"approvalStageTimeOutInDays":14,"escalationTimeInMinutes":null,"isApproverJustificationRequired":null,"isEscalationEnabled":null,
		 "primaryApprovers":[{"@odata.type":"#microsoft.graph.singleUser","id":"6f0ba2b4-6a3b-4d5e-9a44-0f7a3bb8a003","isBackup":false},
		                     {"@odata.type":"#microsoft.graph.groupMembers","id":"6f0ba2b4-6a3b-4d5e-9a44-0f7a3bb8a004","isBackup":true}],
		 "escalationApprovers":[]}]},
	"accessReviewSettings":{"isEnabled":true,"recurrenceType":"quarterly","reviewerType":"Self","startDateTime":null,"durationInDays":14,"reviewers":[],
		"isAccessRecommendationEnabled":true,"isApprovalJustificationRequired":true,"accessReviewTimeoutBehavior":"keepAccess"},
	"questions":[
		{"@odata.type":"#microsoft.graph.accessPackageTextInputQuestion","isRequired":true,"sequence":1,"text":{"defaultText":"hello","localizedTexts":[]}},
		{"@odata.type":"#microsoft.graph.accessPackageMultipleChoiceQuestion","isRequired":false,"sequence":2,
		 "text":{"defaultText":"pick","localizedTexts":[{"languageCode":"fr","text":"choisir"}]},
		 "choices":[{"actualValue":"a","displayValue":{"defaultText":"A","localizedTexts":[]}}]}]}`

// TestTerraformReadsWhatItSent: a second plan is empty.
func TestTerraformReadsWhatItSent(t *testing.T) {
	p := &offer.Policy{}
	if err := readPolicy(&edm.Request{Version: edm.Beta, Body: json.RawMessage(terraform)}, p, true); err != nil {
		t.Fatal(err)
	}
	if err := p.Check(); err != nil {
		t.Fatal(err)
	}
	if p.Requestor.SelfAdd || p.Expiration.Duration != 90*day || len(p.Approval.Stages[0].Fallback) != 1 || !p.Requestor.SelfRemove {
		t.Errorf("read %+v", p)
	}
	text, err := json.Marshal(betaPolicy(p))
	if err != nil {
		t.Fatal(err)
	}
	var sent, got map[string]any
	if err := errors.Join(json.Unmarshal([]byte(terraform), &sent), json.Unmarshal(text, &got)); err != nil {
		t.Fatal(err)
	}
	for beta, name := range map[string]string{"betaRequestorSettings": "requestorSettings", "betaRequestApprovalSettings": "requestApprovalSettings", "betaQuestions": "questions"} {
		got[name] = got[beta]
	}
	for _, name := range []string{"canExtend", "durationInDays", "expirationDateTime", "requestorSettings", "requestApprovalSettings", "accessReviewSettings", "questions"} {
		if !covers(got[name], sent[name]) {
			t.Errorf("%s: got %v, sent %v", name, got[name], sent[name])
		}
	}
}

// covers reports whether an answer has all that was sent, where a null stands for
// false, zero or null.
func covers(got, sent any) bool {
	switch s := sent.(type) {
	case nil:
		return got == nil || got == false || got == 0.0
	case map[string]any:
		g, ok := got.(map[string]any)
		for name, v := range s {
			ok = ok && covers(g[name], v)
		}
		return ok
	case []any:
		g, ok := got.([]any)
		ok = ok && len(g) == len(s)
		for i := range s {
			ok = ok && covers(g[i], s[i])
		}
		return ok
	}
	return reflect.DeepEqual(got, sent)
}

// TestWrongPolicies: a mistake is told with the path of its field.
func TestWrongPolicies(t *testing.T) {
	for _, tt := range []struct{ name, body, at string }{
		{"no object", `[]`, ""},
		{"a name that is no text", `{"displayName":1}`, "displayName"},
		{"a property that there is not", `{"displayName":"n","noSuch":1}`, "noSuch"},
		{"one deep down", `{"requestApprovalSettings":{"stages":[{"noSuch":1}]}}`, "requestApprovalSettings.stages[0].noSuch"},
		{"an approver without a type", `{"requestApprovalSettings":{"stages":[{"primaryApprovers":[{"userId":"x"}]}]}}`, "requestApprovalSettings.stages[0].primaryApprovers[0].@odata.type"},
		{"an approver who is nobody", `{"requestApprovalSettings":{"approvalStages":[{"primaryApprovers":[{"@odata.type":"#microsoft.graph.singleUser","id":"x"}]}]}}`, "requestApprovalSettings.approvalStages[0].primaryApprovers[0].id"},
		{"a question without a type", `{"questions":[{"text":"Why?"}]}`, "questions[0].@odata.type"},
		{"a question without choices", `{"questions":[{"@odata.type":"#microsoft.graph.accessPackageMultipleChoiceQuestion","text":"Why?"}]}`, "questions[0].choices"},
		{"days and a date", `{"durationInDays":3,"expirationDateTime":"2030-01-01T00:00:00Z"}`, "expirationDateTime"},
		{"days without measure", `{"durationInDays":99999}`, "durationInDays"},
		{"a duration that is none", `{"expiration":{"type":"afterDuration","duration":"14.00:00:00"}}`, "expiration.duration"},
		{"two packages", `{"accessPackageId":"6f0ba2b4-6a3b-4d5e-9a44-0f7a3bb8a001","accessPackage":{"id":"6f0ba2b4-6a3b-4d5e-9a44-0f7a3bb8a002"}}`, "accessPackage"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := readPolicyBody(readBody(json.RawMessage(tt.body)), &offer.Policy{})
			if f := fault.Public(err); !errors.Is(err, offer.BadModel) || f.Target != tt.at {
				t.Errorf("got %v at %q, want a BadModel at %q", err, f.Target, tt.at)
			}
		})
	}
}

// FuzzPolicyBody: no body breaks the reader, and what it takes can be shown in
// both versions.
func FuzzPolicyBody(f *testing.F) {
	f.Add([]byte(terraform))
	f.Add([]byte(`{"questions":[{"@odata.type":"x","text":{}}],"requestorSettings":null,"expiration":{"type":"afterDuration","duration":"P"}}`))
	f.Add([]byte(`{"reviewSettings":{"schedule":{"recurrence":{"pattern":{"interval":3}}}},"automaticRequestSettings":{},"customExtensionStageSettings":[{"stage":""}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		p := &offer.Policy{}
		if err := readPolicyBody(readBody(body), p); err != nil {
			if f := fault.Public(err); f.Code != fault.Invalid {
				t.Errorf("%q: %v", body, err)
			}
			return
		}
		if err := p.Check(); err != nil {
			if f := fault.Public(err); f.Code != fault.Invalid {
				t.Errorf("%q: %v", body, err)
			}
			return
		}
		if _, err := policyItem(p); err != nil {
			t.Errorf("%q cannot be shown: %v", body, err)
		}
	})
}
