package notify

import (
	"context"

	"entente/internal/kit/ids"
	"entente/internal/kit/sqldb"
)

// addMessage stores a message that waits.
func addMessage(ctx context.Context, tx *sqldb.Tx, m *Message) error {
	_, err := tx.Exec(ctx, `
		insert into message (tenant_id, id, kind, about, part, recipient, addressee, language, note, state, created_us)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		m.Tenant, m.ID, m.Kind, m.About, m.Part, m.Recipient, m.Addressee, m.Language, m.Note, m.state, sqldb.Micros(m.CreatedAt))
	return err
}

// getMessage returns a message, or a NotFound fault.
func getMessage(ctx context.Context, tx *sqldb.Tx, tenant ids.TenantID, id string) (*Message, error) {
	m := &Message{ID: id, Tenant: tenant}
	var created int64
	err := tx.One(ctx, `
		select kind, about, part, recipient, addressee, language, note, state, created_us
		from   message
		where  tenant_id = ? and id = ?`, []any{tenant, id},
		&m.Kind, &m.About, &m.Part, &m.Recipient, &m.Addressee, &m.Language, &m.Note, &m.state, &created)
	m.CreatedAt = sqldb.Time(created)
	return m, err
}

// endMessage stores the state of a message that has ended, and forgets the
// words in one that will not be sent again.
func endMessage(ctx context.Context, tx *sqldb.Tx, m *Message, why string) error {
	if m.over() {
		m.Note = ""
	}
	_, err := tx.Exec(ctx, `
		update message set state = ?, error = ?, note = ?, ended_us = ?
		where tenant_id = ? and id = ?`, m.state, why, m.Note, sqldb.Micros(tx.Now()), m.Tenant, m.ID)
	return err
}

// dropEnded removes messages that ended long ago.
func dropEnded(ctx context.Context, tx *sqldb.Tx, limit int) (int, error) {
	n, err := tx.Exec(ctx, `
		delete from message where (tenant_id, id) in
			(select tenant_id, id from message where ended_us <> 0 and ended_us <= ? order by ended_us limit ? /* all tenants: a clean-up */)`,
		sqldb.Micros(tx.Now().Add(-keep)), limit)
	return int(n), err
}
