package myaccess

import "net/http"

// events tells a page that follows a request when it is another.
func (p *Pages) events(w http.ResponseWriter, r *http.Request, v *visitor) error {
	c, err := p.caseOf(r, v)
	if err != nil {
		return err
	}
	first := true
	return p.streams.Follow(w, r, func() (string, bool, error) {
		if !first { // who may see it is asked again each time
			if c, err = p.Access.Case(r.Context(), v.who, c.ID); err != nil {
				return "", false, err
			}
		}
		first = false
		return signOf(c), !c.Open(), nil
	})
}
