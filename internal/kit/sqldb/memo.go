package sqldb

// Once returns what ask finds out, and in a View, which sees one moment, asks it once
// for each key: a comparable value of a type that only this question has. Whoever gets
// the answer changes nothing in it. In a transaction that writes it is asked each time.
func Once[T any](tx *Tx, key any, ask func() (T, error)) (T, error) {
	if tx.kind != viewing {
		return ask()
	}
	if have, ok := tx.known[key]; ok {
		return have.(T), nil
	}
	v, err := ask()
	if err == nil {
		if tx.known == nil {
			tx.known = map[any]any{}
		}
		tx.known[key] = v
	}
	return v, err
}
