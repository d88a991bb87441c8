package portal

import (
	"strconv"
	"strings"
)

// lookup is what the page of error codes shows.
type lookup struct {
	Asked string
	Found *Explanation
	All   []Explanation
}

// Name returns the code that was found as messages spell it.
func (l lookup) Name() string { return l.Found.Name() }

// Name returns the code as messages spell it.
func (e Explanation) Name() string { return "AADSTS" + strconv.Itoa(e.Code) }

// number reads a code with or without its prefix, in any case; 0 is none.
func number(s string) int {
	s = strings.TrimPrefix(strings.ToUpper(strings.TrimSpace(s)), "AADSTS")
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}
