package lab

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"entente/internal/kit/web"
)

// A reading is what the lab's clock says.
type reading struct {
	Now   time.Time `json:"now"`
	Ahead int64     `json:"aheadSeconds"` // of the machine's time
}

// tellTime tells the time to a program.
func (l *lab) tellTime(w http.ResponseWriter, _ *http.Request) error {
	web.NoStore(w)
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(reading{l.clock.Now(), int64(l.clock.Offset() / time.Second)})
}

// ParseMove reads by how much the clock is to be moved, as in +90d, +12h or
// +1d6h30m, and returns the fields of the clock's form.
func ParseMove(text string) (url.Values, error) {
	wrong := fmt.Errorf("%q is no move of the clock; write +90d, +12h or +1d6h30m", text)
	rest, ok := strings.CutPrefix(text, "+")
	if strings.HasPrefix(text, "-") {
		return nil, errors.New("the clock moves forward only: what has happened cannot be undone; begin anew with --reset")
	}
	if !ok || rest == "" {
		return nil, wrong
	}
	form := make(url.Values)
	for _, u := range units {
		number, after, found := strings.Cut(rest, u.letter)
		if !found {
			continue
		}
		n, err := strconv.Atoi(number)
		if err != nil || n < 0 || strings.HasPrefix(number, "+") {
			return nil, wrong
		}
		form.Set(u.name, number)
		rest = after
	}
	if rest != "" {
		return nil, wrong
	}
	return form, nil
}

// Clock writes what the clock of the lab in data says, which must be up, after
// it has moved it, where move is not nil.
func Clock(ctx context.Context, data string, move url.Values, out io.Writer) error {
	if !Holds(data) {
		return ErrNotPlayed
	}
	w, err := loadWorld(data)
	if err != nil {
		return err
	}
	roots, err := rootsFrom(w.CAFile)
	if err != nil {
		return err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil // the lab is on this machine
	transport.TLSClientConfig = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	defer transport.CloseIdleConnections()
	a := &api{http: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}, base: w.Name}
	if move != nil {
		err := a.form(ctx, w.Name+"/lab/clock", nil, move, nil)
		if r, ok := errors.AsType[*refusal](err); ok && r.status == http.StatusSeeOther {
			err = nil // it leads back to the page
		} else if ok {
			return errors.New(r.body)
		}
		if err != nil {
			return notUp(data, err)
		}
	}
	var r reading
	if err := a.json(ctx, http.MethodGet, "/lab/clock/time", "", nil, &r); err != nil {
		return notUp(data, err)
	}
	fmt.Fprintf(out, "%s UTC in the lab, %s.\n", r.Now.UTC().Format("Monday, January 2, 2006, 15:04:05"), ahead(time.Duration(r.Ahead)*time.Second))
	if r.Ahead > 0 {
		fmt.Fprintln(out, "Programs outside keep their own time, and the lab's tokens and keys keep the machine's, because clients compare the two.")
	}
	return nil
}

func notUp(data string, err error) error {
	return fmt.Errorf("the lab in %s does not answer; is it up, in another terminal? %w", data, err)
}

// ahead says in words how far the clock was moved.
func ahead(by time.Duration) string {
	if by <= 0 {
		return "the same as on this machine"
	}
	var all []string
	for _, u := range units {
		if n := by / u.lasts; n > 0 {
			name := u.name
			if n == 1 {
				name = strings.TrimSuffix(name, "s")
			}
			all = append(all, fmt.Sprintf("%d %s", n, name))
			by -= n * u.lasts
		}
	}
	return strings.Join(all, ", ") + " ahead of this machine"
}
