package graph

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"slices"
	"strings"

	"entente/internal/edge/graph/edm"
	"entente/internal/kit/fault"
)

// noBlob is the Reason of a blob that has no value.
const noBlob fault.Reason = "graph.no_blob"

// blobOperation returns what the request's method does to a blob.
func (c *call) blobOperation() (operation, bool) {
	switch s := c.target.blob; c.r.Method {
	case http.MethodGet:
		return operation{s.Read.May, c.readBlob}, s.Read.Do != nil
	case http.MethodPut, http.MethodPatch:
		return operation{s.Write.May, c.writeBlob}, s.Write.Do != nil
	case http.MethodDelete:
		return operation{s.Remove.May, c.removeBlob}, s.Remove.Do != nil
	}
	return operation{}, false
}

// readBlob answers with the bytes of a blob. They came from somebody, so a
// browser is to take them for nothing but what they are called.
func (c *call) readBlob(ctx context.Context, _ edm.Grant) error {
	m, err := c.target.blob.Read.Do(ctx, c.request)
	switch {
	case err != nil:
		return err
	case len(m.Data) == 0:
		return fault.Because(fault.NotFound, noBlob, "Resource '%s' does not exist or one of its queried reference-property objects are not present.", c.target.blob.Name)
	}
	h := c.w.Header()
	h.Set("Content-Type", m.Type)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Disposition", "attachment")
	_, err = c.w.Write(m.Data)
	return err
}

func (c *call) writeBlob(ctx context.Context, _ edm.Grant) error {
	raw, err := c.readBytes()
	if err != nil {
		return err
	}
	s := c.target.blob
	media, _, err := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	if err != nil || !slices.ContainsFunc(s.Types, func(t string) bool { return strings.EqualFold(t, media) }) {
		return fault.Because(fault.Invalid, badMedia, "Cannot read the request body: %s takes %s.", s.Name, strings.Join(s.Types, ", "))
	}
	if len(raw) == 0 {
		return unreadable(fmt.Errorf("the body is empty"))
	}
	if err := s.Write.Do(ctx, c.request, edm.Media{Type: media, Data: raw}); err != nil {
		return err
	}
	return c.noContent("")
}

func (c *call) removeBlob(ctx context.Context, _ edm.Grant) error {
	if err := c.target.blob.Remove.Do(ctx, c.request); err != nil {
		return err
	}
	return c.noContent("")
}
