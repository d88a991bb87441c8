package app

import (
	"bytes"
	"context"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"entente/internal/core/authz"
	"entente/internal/kit/fault"
	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// A Logo is the picture of an application.
type Logo struct {
	Type string // "image/png"
	Data []byte
}

// Limits of a logo. It is kept as it came and never drawn here.
const (
	maxLogo     = 100 << 10
	maxLogoSide = 2048 // pixels
)

// logoFormats are the kinds of picture that browsers draw, and how they begin.
var logoFormats = []struct {
	media string
	read  func(io.Reader) (image.Config, error)
}{
	{"image/png", png.DecodeConfig},
	{"image/jpeg", jpeg.DecodeConfig},
	{"image/gif", gif.DecodeConfig},
}

// NewLogo returns the picture that data is, whatever it was called, or a fault
// when it is none of the kinds that browsers draw, or too large.
func NewLogo(data []byte) (Logo, error) {
	if len(data) > maxLogo {
		return Logo{}, fault.InvalidAt("logo", "A logo has at most %d bytes.", maxLogo)
	}
	for _, f := range logoFormats {
		c, err := f.read(bytes.NewReader(data))
		switch {
		case err != nil:
			continue
		case c.Width > maxLogoSide || c.Height > maxLogoSide:
			return Logo{}, fault.InvalidAt("logo", "A logo has at most %d pixels a side.", maxLogoSide)
		}
		return Logo{f.media, data}, nil
	}
	return Logo{}, fault.InvalidAt("logo", "A logo is a PNG, JPEG or GIF picture.")
}

// SetLogo keeps the picture of an application.
func (s *Service) SetLogo(ctx context.Context, who authz.Caller, id ids.ObjectID, data []byte) error {
	l, err := NewLogo(data)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, who, id, "Update application", []authz.Action{"applications/basic/update"}, func(tx *sqldb.Tx, a *Application) (*Application, error) {
		return a, putLogo(ctx, tx, a.Tenant, a.ID, l)
	})
	return err
}

// putLogo stores the picture of an application in place of the one before.
func putLogo(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID, l Logo) error {
	_, err := tx.Exec(ctx, `
		insert into application_logo (tenant_id, application_id, media, data) values (?, ?, ?, ?)
		on conflict (tenant_id, application_id) do update set media = excluded.media, data = excluded.data`,
		tenant, id, l.Type, l.Data)
	return err
}

// LogoOf returns the picture of a live application, or NotFound.
func LogoOf(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id ids.ObjectID) (l Logo, err error) {
	if _, err := GetApplication(ctx, tx, tenant, id); err != nil {
		return l, err
	}
	return l, tx.One(ctx, `select media, data from application_logo where tenant_id = ? and application_id = ?`,
		[]any{tenant, id}, &l.Type, &l.Data)
}
