package graph

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"entente/internal/edge/graph/edm"
	"entente/internal/kit/fault"
	"entente/internal/kit/odata"
)

// Why a body is not read.
const (
	badMedia fault.Reason = "graph.media_type"
	tooLarge fault.Reason = "graph.too_large"
)

// maxBody bounds a body after decompression, as web.Front bounds it before.
const maxBody = 4 << 20

// readBody returns the request's body, which is JSON or empty.
func (c *call) readBody() ([]byte, error) {
	raw, err := c.readBytes()
	if err != nil || len(bytes.TrimSpace(raw)) == 0 {
		return nil, err
	}
	return raw, checkMedia(c.r.Header.Get("Content-Type"))
}

// readBytes returns the request's body. Libraries send it compressed by default
// (msgraph-sdk-go does), so gzip is read here.
func (c *call) readBytes() ([]byte, error) {
	var from io.Reader = c.r.Body
	switch strings.ToLower(c.r.Header.Get("Content-Encoding")) {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(c.r.Body)
		if err != nil {
			return nil, unreadable(err)
		}
		from = z
	default:
		return nil, fault.Because(fault.Invalid, badMedia, "The content encoding is not supported: send the body as it is, or with gzip.")
	}
	raw, err := io.ReadAll(io.LimitReader(from, maxBody+1))
	_, large := errors.AsType[*http.MaxBytesError](err)
	switch {
	case large || len(raw) > maxBody:
		return nil, fault.Because(fault.Invalid, tooLarge, "The request body is larger than %d bytes.", maxBody)
	case err != nil:
		return nil, unreadable(err)
	}
	return raw, nil
}

func checkMedia(header string) error {
	if header == "" {
		return unreadable(nil)
	}
	media, _, err := mime.ParseMediaType(header)
	if err != nil {
		media, _, _ = strings.Cut(header, ";")
	}
	if !strings.EqualFold(strings.TrimSpace(media), "application/json") {
		return fault.Because(fault.Invalid, badMedia, "Cannot read the request body: its Content-Type must be application/json.")
	}
	return nil
}

func unreadable(err error) error {
	return fault.Because(fault.Invalid, edm.Unreadable,
		"Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.").Wrap(err)
}

// readEntity reads the body as an entity of the set.
func (c *call) readEntity(set *edm.Set) (*edm.Body, error) {
	raw, err := c.readBody()
	if err != nil {
		return nil, err
	}
	if set.Raw {
		return c.Registry.ReadRaw(c.request.Version, set.Type, raw)
	}
	if set.Exact {
		return c.Registry.ReadExact(c.request.Version, set.Type, raw, set.Parts)
	}
	return c.Registry.Read(c.request.Version, set.Type, raw, slices.Concat(set.Parts, set.Bound))
}

// params returns an action's parameters as a JSON object: the body, or the
// arguments of a function.
func (c *call) params(a *edm.Action) ([]byte, error) {
	if !a.Function {
		return c.readBody()
	}
	values := make(map[string]any)
	for _, arg := range c.target.args {
		text, ok := keyText(arg.Value)
		switch l := arg.Value; {
		case arg.Name == "":
			return nil, unknown(a.Name)
		case l.Kind == odata.Bool:
			values[arg.Name] = l.Int == 1
		case l.Kind == odata.Null:
			values[arg.Name] = nil
		case l.Kind == odata.Int && a.Takes(arg.Name, edm.Int32, edm.Int64):
			values[arg.Name] = l.Int
		case !ok:
			return nil, unknown(a.Name)
		default:
			values[arg.Name] = text
		}
	}
	return json.Marshal(values)
}

// sameJSON reports whether two values are the same JSON, whatever its spelling.
func sameJSON(have json.RawMessage, want any) bool {
	text, err := json.Marshal(want)
	var a, b any
	if err != nil || json.Unmarshal(have, &a) != nil || json.Unmarshal(text, &b) != nil {
		return false
	}
	return reflect.DeepEqual(a, b)
}
