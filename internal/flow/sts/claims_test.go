package sts_test

import (
	"testing"

	"entente/internal/core/token"
	"entente/internal/enttest/crossing"
	"entente/internal/kit/oauth2"
)

// TestClaimsParameter: what a client may want of its tokens, and what it may
// not.
func TestClaimsParameter(t *testing.T) {
	eachVisitor(t, func(t *testing.T, v *visitor) {
		_, err := v.Apps.Update(t.Context(), crossing.System(v.B), v.APIObject, []byte(`{"optionalClaims":{"accessToken":[{"name":"xms_cc"},{"name":"idtyp"}]}}`))
		v.ok(err)
		for _, bad := range []string{"x", "[]", `{"id_token":"auth_time"}`} {
			v.refused(v.form(v.code(nil), "claims", bad), oauth2.ClaimsMalformed)
		}
		res := v.get(v.form(v.code(nil), "claims", `{"id_token":{"auth_time":null,"email":{"essential":true}},"access_token":{"xms_cc":{"values":["CP1"]}}}`))
		id, access := claimsOf(t, res.ID), claimsOf(t, res.Token.Text)
		if id["auth_time"] != float64(v.clk.Now().Unix()) || id["email"] != nil || access["xms_cc"] != nil {
			t.Errorf("asked in the request: %v, %v", id, access)
		}
		if id := claimsOf(t, v.get(v.form(v.code(func(c *token.Code) { c.Claims = []string{"auth_time"} }))).ID); id["auth_time"] == nil {
			t.Errorf("asked with the code: %v", id)
		}
		form := with(v.ClientForm("api://fabrikam.example/tasks"), "client_secret", v.Secret, "claims", `{"access_token":{"xms_cc":{"values":["cp1"]}}}`)
		program := claimsOf(t, v.get(form).Token.Text)
		if cc, _ := program["xms_cc"].([]any); len(cc) != 1 || cc[0] != "cp1" || program["idtyp"] != "app" {
			t.Errorf("a capable program's token for an API that asks: %v", program)
		}
	})
}
