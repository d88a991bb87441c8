package graph

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"entente/internal/edge/graph/edm"
	"entente/internal/kit/fault"
	"entente/internal/kit/web"
)

// Why a batch, or one of its requests, is refused.
const (
	badBatch    fault.Reason = "graph.bad_batch"
	largeBatch  fault.Reason = "graph.large_batch"
	nestedBatch fault.Reason = "graph.nested_batch"
	dependency  fault.Reason = "graph.failed_dependency"
)

// maxBatch is the greatest number of requests in a batch.
const maxBatch = 20

// The body of POST /$batch (OData JSON 4.01, section 19).
// https://learn.microsoft.com/graph/json-batching
type (
	batch struct {
		Requests []*batchItem `json:"requests"`
	}
	batchItem struct {
		ID        batchID           `json:"id"`
		Method    string            `json:"method"`
		URL       string            `json:"url"`
		Headers   map[string]string `json:"headers"`
		Body      json.RawMessage   `json:"body"`
		DependsOn []batchID         `json:"dependsOn"`
		Atomicity string            `json:"atomicityGroup"`

		needs []*batchItem // what DependsOn names
		state batchState
	}
	batchState int

	// A batchID is a string. Graph takes a number for one too, and the CLI for
	// Microsoft 365 relies on that; the answer has the string.
	batchID string

	batchAnswer struct {
		ID      batchID           `json:"id"`
		Status  int               `json:"status"`
		Headers map[string]string `json:"headers"`
		Body    json.RawMessage   `json:"body,omitempty"`
	}
)

// What became of a request of a batch. While it is pending its dependencies are
// looked at.
const (
	untouched batchState = iota
	pending
	ordered
	failed
)

// batch answers the requests in the body one after the other, in their order
// and after what they depend on. Each is a request like any other: its token is
// verified, its permission judged, and its failure is its own.
func (c *call) batch(v edm.Version) error {
	if c.r.Method != http.MethodPost {
		return methodNotAllowed(c.r.Method + " $batch")
	}
	if _, err := c.authenticate(c.r); err != nil {
		return err
	}
	raw, err := c.readBody()
	if err != nil {
		return err
	}
	items, err := readBatch(raw)
	if err != nil {
		return err
	}
	answers := make([]batchAnswer, len(items))
	for i, item := range items {
		if answers[i], err = c.item(v, item); err != nil {
			return err
		}
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(map[string]any{"responses": answers}); err != nil {
		return err
	}
	c.level = minimal
	return c.write(http.StatusOK, b.Bytes())
}

// UnmarshalJSON implements json.Unmarshaler.
func (id *batchID) UnmarshalJSON(text []byte) error {
	var n json.Number
	if len(text) > 0 && text[0] != '"' && json.Unmarshal(text, &n) == nil {
		*id = batchID(n)
		return nil
	}
	return json.Unmarshal(text, (*string)(id))
}

// readBatch returns the requests of a batch in the order in which they are to
// be answered.
func readBatch(raw []byte) ([]*batchItem, error) {
	var b batch
	if err := json.Unmarshal(raw, &b); err != nil {
		return nil, badPayload("The body is no object with an array of requests.").Wrap(err)
	}
	switch n := len(b.Requests); {
	case n == 0:
		return nil, badPayload("The batch holds no request.")
	case n > maxBatch:
		return nil, fault.Because(fault.Invalid, largeBatch, "Number of batch request steps exceeds the maximum value of %d.", maxBatch)
	}
	byID := make(map[string]*batchItem)
	for _, item := range b.Requests {
		if err := item.check(); err != nil {
			return nil, err
		}
		id := strings.ToLower(string(item.ID))
		if byID[id] != nil {
			return nil, badPayload("Two requests have the same id.")
		}
		byID[id] = item
	}
	for _, item := range b.Requests {
		for _, id := range item.DependsOn {
			on := byID[strings.ToLower(string(id))]
			if on == nil {
				return nil, badPayload("A request depends on one that is not in the batch.")
			}
			item.needs = append(item.needs, on)
		}
	}
	return inOrder(b.Requests)
}

// check refuses what is no request, before anything is done.
func (b *batchItem) check() error {
	switch {
	case b == nil, b.ID == "", b.Method == "", b.URL == "":
		return badPayload("Each request needs an id, a method and a url.")
	case b.Atomicity != "":
		return badPayload("Requests of a batch stand alone: atomicityGroup is not supported.")
	}
	return nil
}

// inOrder sorts requests so that each stands behind what it depends on, or
// refuses a circle.
func inOrder(items []*batchItem) ([]*batchItem, error) {
	sorted := make([]*batchItem, 0, len(items))
	var visit func(b *batchItem) bool
	visit = func(b *batchItem) bool {
		if b.state != untouched {
			return b.state == ordered
		}
		b.state = pending
		for _, on := range b.needs {
			if !visit(on) {
				return false
			}
		}
		b.state = ordered
		sorted = append(sorted, b)
		return true
	}
	for _, b := range items {
		if !visit(b) {
			return nil, badPayload("Requests depend on one another in a circle.")
		}
	}
	return sorted, nil
}

func badPayload(fix string) *fault.Error {
	return fault.Because(fault.Invalid, badBatch, "Invalid batch payload format.").WithFix("%s", fix)
}

// item answers one request of a batch. The error is that of the caller going
// away; any other is in the answer.
func (c *call) item(v edm.Version, b *batchItem) (batchAnswer, error) {
	if err := c.r.Context().Err(); err != nil {
		return batchAnswer{}, err
	}
	rec := &itemWriter{header: make(http.Header)}
	fail := func(w http.ResponseWriter, r *http.Request, err error) {
		rec.begin()
		c.fail(w, r, err)
	}
	r, err := c.itemRequest(v, b)
	switch {
	case slices.ContainsFunc(b.needs, func(on *batchItem) bool { return on.state == failed }):
		fail(rec, c.r, fault.Because(fault.Invalid, dependency, "A request that this one depends on has failed."))
	case err != nil:
		fail(rec, c.r, err)
	default:
		web.Serve(c.serve, fail).ServeHTTP(rec, r)
	}
	if rec.status >= http.StatusBadRequest {
		b.state = failed
	}
	return rec.answer(b.ID)
}

// notFromItems are the headers that hold for the batch as a whole: the requests
// in it come from the same caller by the same way.
var notFromItems = []string{"Authorization", "Host", "Content-Length", "Content-Encoding", "Transfer-Encoding", "Connection"}

// itemRequest returns one request of a batch as if it had come alone.
func (c *call) itemRequest(v edm.Version, b *batchItem) (*http.Request, error) {
	to, err := itemURL(v, b.URL)
	if err != nil {
		return nil, err
	}
	r := (&http.Request{
		Method: strings.ToUpper(b.Method), URL: to, Host: c.r.Host, RemoteAddr: c.r.RemoteAddr, TLS: c.r.TLS, Header: make(http.Header),
	}).WithContext(c.r.Context())
	for name, value := range b.Headers {
		r.Header.Set(name, value)
	}
	for _, name := range notFromItems {
		r.Header.Del(name)
	}
	r.Header.Set("Authorization", c.r.Header.Get("Authorization"))
	body, err := b.bytes()
	r.Body = io.NopCloser(bytes.NewReader(body))
	return r, err
}

// bytes returns the body of a request: JSON as it stands, and base64url for
// what is no JSON.
func (b *batchItem) bytes() ([]byte, error) {
	var text string
	if len(b.Body) == 0 || string(b.Body) == "null" {
		return nil, nil
	}
	if json.Unmarshal(b.Body, &text) != nil {
		return b.Body, nil
	}
	raw, err := decodeToken(text)
	if err != nil {
		return nil, badPayload("A body that is no JSON stands in base64url.").Wrap(err)
	}
	return raw, nil
}

// itemURL reads the address of a request: below the version of the batch, or
// absolute, of which only path and query count.
func itemURL(v edm.Version, address string) (*url.URL, error) {
	lower := strings.ToLower(address)
	if !strings.HasPrefix(lower, "https://") && !strings.HasPrefix(lower, "http://") {
		address = "/" + v.String() + "/" + strings.TrimLeft(address, "/")
	}
	u, err := url.Parse(address)
	if err != nil {
		return nil, badPayload("The url of a request cannot be read.").Wrap(err)
	}
	_, below, err := split(u)
	switch {
	case err != nil:
		return nil, err
	case len(below) > 0 && below[0].is(batchSegment):
		return nil, fault.Because(fault.Invalid, nestedBatch, "A batch cannot stand within a batch.")
	}
	return u, nil
}

const batchSegment = "$batch"

// An itemWriter keeps the answer to one request of a batch.
type itemWriter struct {
	header http.Header
	status int
	body   bytes.Buffer
}

// begin throws away what was written so far.
func (w *itemWriter) begin() {
	w.status = 0
	w.body.Reset()
}

func (w *itemWriter) Header() http.Header { return w.header }

func (w *itemWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

func (w *itemWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}

// spelled returns a header's name as Graph spells it: in a batch it is the name
// of a member, which has a case.
func spelled(name string) string {
	switch {
	case strings.HasPrefix(name, "Odata-"):
		return "OData-" + name[len("Odata-"):]
	case strings.HasPrefix(name, "X-Ms-"):
		return strings.ToLower(name)
	}
	return name
}

// notInItems are the headers that stand on the answer to the batch.
var notInItems = []string{"Content-Length", "Vary", "Request-Id", "Client-Request-Id", "X-Ms-Ags-Diagnostic"}

// answer returns what was written, in the form of a batch: JSON as it is, text
// as a string, and base64url for the rest.
func (w *itemWriter) answer(id batchID) (batchAnswer, error) {
	w.WriteHeader(http.StatusOK)
	a := batchAnswer{ID: id, Status: w.status, Headers: make(map[string]string)}
	for name, values := range w.header {
		if !slices.Contains(notInItems, name) {
			a.Headers[spelled(name)] = strings.Join(values, ", ")
		}
	}
	raw := w.body.Bytes()
	media, _, err := mime.ParseMediaType(w.header.Get("Content-Type"))
	switch {
	case len(raw) == 0:
	case err == nil && media == "application/json":
		a.Body = raw
	case err == nil && strings.HasPrefix(media, "text/"):
		a.Body = quoted(string(raw))
	default:
		a.Body = strconv.AppendQuote(nil, base64.URLEncoding.EncodeToString(raw))
	}
	if !json.Valid(a.Body) && a.Body != nil {
		return a, errors.New("an answer within a batch is no JSON")
	}
	return a, nil
}
