package managedidentity

// A Page is the part of a list that a reader wants.
type Page struct {
	After string // where the page before ended: the Next of its answer
	Limit int    // zero or too large: the usual size
}

const pageSize = 200

func (p Page) limit() int {
	if p.Limit <= 0 || p.Limit > pageSize {
		return pageSize
	}
	return p.Limit
}

// cut returns the page of all, which holds one more when another follows, and
// where that begins.
func cut[T any](all []T, p Page, key func(T) string) (page []T, next string) {
	if len(all) <= p.limit() {
		return all, ""
	}
	all = all[:p.limit()]
	return all, key(all[len(all)-1])
}
