package organization

import (
	"encoding/json"

	"entente/internal/core/crosstenant"
	"entente/internal/edge/portal"
)

// Answers of the controls. An answer that keeps what is stored changes nothing.
const (
	inherit = "inherit"
	allow   = "allow"
	block   = "block"
	keep    = "keep"
)

// sections are the controls in which a fault about a section is told.
var sections = map[string]string{"b2bCollaborationInbound": "inbound", "b2bCollaborationOutbound": "outbound"}

// said returns the answer that a stored section stands for.
func said(s *crosstenant.Section, partner bool) string {
	switch {
	case s == nil && partner:
		return inherit
	case direction(s) == "Allowed":
		return allow
	case direction(s) == "Blocked":
		return block
	}
	return keep
}

// switched returns the answer that a stored switch stands for.
func switched(b *bool, partner bool) string {
	switch {
	case b == nil && partner:
		return inherit
	case b != nil && *b:
		return allow
	}
	return block
}

// controls are the controls of a configuration: of the default, or of a partner,
// who may inherit.
func controls(d *portal.Draft, c crosstenant.Configuration, partner bool) []portal.Part {
	pick := func(id, legend, hint, now string, options ...portal.Option) portal.Part {
		if partner {
			options = append([]portal.Option{{Value: inherit, Label: "Inherit from default"}}, options...)
		}
		for i := range options {
			options[i].Checked = options[i].Value == now
		}
		return d.Choose(portal.Choices{ID: id, Legend: legend, Hint: hint, Options: options})
	}
	way := func(id, legend, hint string, s *crosstenant.Section) portal.Part {
		options := []portal.Option{{Value: allow, Label: "Allow all users and applications"}, {Value: block, Label: "Block all users and applications"}}
		if said(s, partner) == keep {
			options = append(options, portal.Option{Value: keep, Label: "Keep as it is: some users or applications", Hint: "They are named through Microsoft Graph."})
		}
		return pick(id, legend, hint, said(s, partner), options...)
	}
	flag := func(id, legend, hint string, b *bool) portal.Part {
		return pick(id, legend, hint, switched(b, partner), portal.Option{Value: allow, Label: "Yes"}, portal.Option{Value: block, Label: "No"})
	}
	trust, auto := trustOf(c), consentsOf(c)
	return []portal.Part{
		way("inbound", "Inbound B2B collaboration", "Their users and applications, in this organization.", c.Inbound),
		way("outbound", "Outbound B2B collaboration", "Users and applications of this organization, in theirs.", c.Outbound),
		flag("mfa", "Trust multifactor authentication of theirs", "Who has shown a second factor at home is not asked for another here.", trust.MFA),
		flag("auto-in", "Automatic redemption, inbound", "Their users need not accept an invitation, if their organization says so too.", auto.Inbound),
		flag("auto-out", "Automatic redemption, outbound", "Users of this organization need not accept theirs, if they say so too.", auto.Outbound),
	}
}

func trustOf(c crosstenant.Configuration) crosstenant.Trust {
	if c.Trust == nil {
		return crosstenant.Trust{}
	}
	return *c.Trust
}

func consentsOf(c crosstenant.Configuration) crosstenant.Consents {
	if c.Consents == nil {
		return crosstenant.Consents{}
	}
	return *c.Consents
}

// changed returns the Graph body of what was answered otherwise than it is
// stored, or nil.
func changed(d *portal.Draft, c crosstenant.Configuration, partner bool) []byte {
	body := make(map[string]any)
	answer := func(id, now string) (string, bool) {
		a := d.Get(id)
		switch {
		case a == "" || a == now || a == keep:
			return a, false
		case a != allow && a != block && !(a == inherit && partner):
			d.Wrong(id, "Choose one of the answers")
			return a, false
		}
		return a, true
	}
	for _, s := range []struct {
		id, name string
		now      *crosstenant.Section
	}{{"inbound", "b2bCollaborationInbound", c.Inbound}, {"outbound", "b2bCollaborationOutbound", c.Outbound}} {
		if a, ok := answer(s.id, said(s.now, partner)); ok {
			body[s.name] = section(a)
		}
	}
	trust, auto := trustOf(c), consentsOf(c)
	for _, f := range []struct {
		id, section, name string
		now               *bool
	}{
		{"mfa", "inboundTrust", "isMfaAccepted", trust.MFA},
		{"auto-in", "automaticUserConsentSettings", "inboundAllowed", auto.Inbound},
		{"auto-out", "automaticUserConsentSettings", "outboundAllowed", auto.Outbound},
	} {
		a, ok := answer(f.id, switched(f.now, partner))
		if !ok {
			continue
		}
		members, _ := body[f.section].(map[string]any)
		if members == nil {
			members = make(map[string]any)
			body[f.section] = members
		}
		if members[f.name] = a == allow; a == inherit {
			members[f.name] = nil
		}
	}
	if len(body) == 0 {
		return nil
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return nil // strings and booleans always have a form
	}
	return raw
}

// section is what an answer says of everybody and everything; nil inherits.
func section(answer string) any {
	if answer == inherit {
		return nil
	}
	access := crosstenant.Allowed
	if answer == block {
		access = crosstenant.Blocked
	}
	of := func(target, kind string) any {
		return map[string]any{"accessType": access, "targets": []any{map[string]any{"target": target, "targetType": kind}}}
	}
	return map[string]any{"usersAndGroups": of(crosstenant.AllUsers, "user"), "applications": of(crosstenant.AllApplications, "application")}
}
