package dbtest

import (
	"testing"
)

func postgresURL(t testing.TB, durable bool) string {
	t.Helper()
	t.Skip("PostgreSQL not found: PostgreSQL cases skipped")
	return ""
}
