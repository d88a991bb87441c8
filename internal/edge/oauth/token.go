package oauth

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"time"

	ctoken "entente/internal/core/token"
	"entente/internal/flow/sts"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/oauth2"
	"entente/internal/kit/web"
)

// token returns the token endpoint of one version (RFC 6749, section 3.2). A
// query, such as MSAL Node sends, is passed over.
func (e *Edge) token(version int) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		req, err := readRequest(w, r, version)
		if err != nil {
			return err
		}
		res, err := e.STS.Exchange(r.Context(), req)
		if err != nil {
			return err
		}
		about := clientInfo(res, req.Form["client_info"] == "1")
		if version == 1 {
			return writeJSON(w, http.StatusOK, answerV1(res, about))
		}
		return writeJSON(w, http.StatusOK, answerV2(res, about))
	}
}

// readRequest reads what is sent to an endpoint of programs.
func readRequest(w http.ResponseWriter, r *http.Request, version int) (sts.Request, error) {
	form, err := readForm(w, r)
	if err != nil {
		return sts.Request{}, err
	}
	noteCorrelation(w, r, form)
	return sts.Request{
		Tenant: r.PathValue("tenant"), Version: version, Form: form, Authorization: r.Header.Get("Authorization"),
		Correlation: correlation(w, r), Origin: r.Header.Get("Origin"),
		IP: web.ClientIP(r.Context()), UserAgent: r.UserAgent(),
	}, nil
}

// readForm reads the body, which must be a form of at most oauth2.MaxForm.
func readForm(w http.ResponseWriter, r *http.Request) (oauth2.Form, error) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || media != "application/x-www-form-urlencoded" {
		return nil, fault.Because(fault.Invalid, notAForm, "The request is no form.").
			WithFix("Send the parameters as application/x-www-form-urlencoded in the body.")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, oauth2.MaxForm))
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, fault.Because(fault.Invalid, oauth2.FormTooLong, "A request has at most %d bytes.", oauth2.MaxForm)
	}
	if err != nil {
		return nil, fault.Because(fault.Invalid, notAForm, "The request's body could not be read.").Wrap(err)
	}
	return oauth2.ParseForm(string(body))
}

// lifetime is what the answer calls the token's life: a second less, so that a
// client that counts from its own clock stops in time.
func lifetime(res sts.Response) int { return int(res.Lifetime/time.Second) - 1 }

// forPerson is what an answer has besides when somebody is signed in.
type forPerson struct {
	Scope   string `json:"scope,omitempty"`
	Refresh string `json:"refresh_token,omitempty"`
	ID      string `json:"id_token,omitempty"`
	About   string `json:"client_info,omitempty"`
}

// clientInfo tells a client that asked for it which account it has, by home:
// unpadded base64url of JSON (section 8.2).
func clientInfo(res sts.Response, asked bool) forPerson {
	p := forPerson{Scope: res.Scope, Refresh: res.Refresh, ID: res.ID}
	if asked && res.Person.ID != "" {
		p.About = ctoken.ClientInfo(res.Person.Home, res.Person.ID)
	}
	return p
}

type tokenV2 struct {
	Type      string `json:"token_type"`
	ExpiresIn int    `json:"expires_in"`
	Extended  int    `json:"ext_expires_in"`
	Access    string `json:"access_token"`
	forPerson
}

func answerV2(res sts.Response, about forPerson) tokenV2 {
	return tokenV2{oauth2.Bearer, lifetime(res), lifetime(res), res.Token.Text, about}
}

// tokenV1 has its numbers as text, as version 1 does.
type tokenV1 struct {
	Type      string `json:"token_type"`
	ExpiresIn string `json:"expires_in"`
	Extended  string `json:"ext_expires_in"`
	ExpiresOn string `json:"expires_on"`
	NotBefore string `json:"not_before"`
	Resource  string `json:"resource"`
	Access    string `json:"access_token"`
	forPerson
}

func answerV1(res sts.Response, about forPerson) tokenV1 {
	in := strconv.Itoa(lifetime(res))
	return tokenV1{oauth2.Bearer, in, in,
		strconv.FormatInt(res.Token.Expiry.Unix(), 10), strconv.FormatInt(res.Token.NotBefore.Unix(), 10), res.Resource, res.Token.Text, about}
}

const correlationHeader = "Client-Request-Id"

// noteCorrelation takes the identifier that MSAL Node sends in the form.
func noteCorrelation(w http.ResponseWriter, r *http.Request, form oauth2.Form) {
	if id := form["client-request-id"]; ids.Valid(id) && web.CorrelationID(r.Context()) == web.RequestID(r.Context()) {
		w.Header().Set(correlationHeader, id)
	}
}

// correlation returns the identifier that the answer carries for the caller:
// theirs, or else ours.
func correlation(w http.ResponseWriter, r *http.Request) string {
	if id := w.Header().Get(correlationHeader); id != "" {
		return id
	}
	return web.CorrelationID(r.Context())
}

func writeJSON(w http.ResponseWriter, status int, body any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_, err = w.Write(text)
	return err
}
