package web

import (
	"net/http"
	"net/url"
	"strings"
)

// FoldPath lets the fixed words of a path be typed in any letter case: a
// segment that spells one of words otherwise reaches next as that word is
// spelled here. Segments that are no such word, and the query, stay as sent.
func FoldPath(next http.Handler, words ...string) http.Handler {
	spelling := make(map[string]string, len(words))
	for _, w := range words {
		spelling[strings.ToLower(w)] = w
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if path := fold(r.URL.Path, spelling); path != r.URL.Path {
			r2 := *r
			u := *r.URL
			u.Path = path
			u.RawPath = fold(u.RawPath, spelling)
			r2.URL = &u
			r = &r2
		}
		next.ServeHTTP(w, r)
	})
}

func fold(path string, spelling map[string]string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		if word, ok := spelling[strings.ToLower(s)]; ok {
			segments[i] = word
		}
	}
	return strings.Join(segments, "/")
}

// WithQuery returns address with values added to its query. What the address
// already has stays, in its order.
func WithQuery(address string, values url.Values) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", err
	}
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += values.Encode()
	return u.String(), nil
}
