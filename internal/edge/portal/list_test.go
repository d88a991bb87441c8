package portal

import (
	"net/http/httptest"
	"strings"
	"testing"

	"entente/internal/kit/fault"
)

func TestFilter(t *testing.T) {
	find := &Field{ID: "find", Label: "Name begins with"}
	state := Select{Field: Field{ID: "state", Label: "State"}, Options: []Option{{Label: "Any"}, {Value: "ok", Label: "Delivered"}}}
	r := httptest.NewRequest("GET", "/list?find=+Tur%3Cb%3E&state=ok&after=x&of=7", nil)
	f := NewFilter(r, "Search", find, state)
	if f.Value("find") != "Tur<b>" || f.Value("state") != "ok" || f.Value("of") != "" || !f.Set() {
		t.Errorf("got %+v", f)
	}
	if len(f.Chips) != 2 || f.Chips[0].To != "/list?of=7&state=ok" || f.Chips[1].To != "/list?find=+Tur%3Cb%3E&of=7" || f.Chips[1].Text != "State: Delivered" {
		t.Errorf("got the chips %+v", f.Chips)
	}
	if find.Value != "" || state.Value != "" {
		t.Error("what one request looks for stays for the next")
	}
	f = NewFilter(httptest.NewRequest("GET", "/list?state=%27%3B--&find="+strings.Repeat("x", 2*MaxFind), nil), "Search", find, state)
	if f.Value("state") != "" || len(f.Value("find")) != MaxFind || len(f.Chips) != 1 {
		t.Errorf("got %q and %d bytes", f.Value("state"), len(f.Value("find")))
	}
}

func TestPages(t *testing.T) {
	r := httptest.NewRequest("GET", "/list?find=a", nil)
	page, err := PageOf(r)
	if err != nil || page.Limit != PageSize || page.After != nil || FirstPage(r) != "" || NextPage(r, nil) != "" {
		t.Errorf("the first page: %+v %v", page, err)
	}
	next := NextPage(r, []any{"Äpfel & Birnen", "7"})
	r = httptest.NewRequest("GET", next, nil)
	page, err = PageOf(r)
	if err != nil || len(page.After) != 2 || page.After[0] != "Äpfel & Birnen" || FirstPage(r) != "/list?find=a" {
		t.Errorf("%s: %+v %v, first %q", next, page, err, FirstPage(r))
	}
	for _, bad := range []string{"%", "!!", "bm90IGpzb24"} {
		r.URL.RawQuery = "after=" + bad
		if _, err := PageOf(r); bad != "%" && fault.Public(err).Code != fault.NotFound {
			t.Errorf("after=%s: %v", bad, err)
		}
	}
	if err := BadPage(fault.New(fault.Invalid, "x")); fault.Public(err).Code != fault.NotFound {
		t.Errorf("got %v", err)
	}
	if err := BadPage(fault.New(fault.Forbidden, "x")); fault.Public(err).Code != fault.Forbidden {
		t.Errorf("got %v", err)
	}
}

func FuzzPageOf(f *testing.F) {
	f.Add("bm90IGpzb24")
	f.Fuzz(func(t *testing.T, after string) {
		r := httptest.NewRequest("GET", "/list", nil)
		q := r.URL.Query()
		q.Set("after", after)
		r.URL.RawQuery = q.Encode()
		page, err := PageOf(r)
		if err != nil && fault.Public(err).Code != fault.NotFound {
			t.Errorf("%q: %v", after, err)
		}
		if err == nil && len(page.After) > 0 {
			again, err := PageOf(httptest.NewRequest("GET", NextPage(r, page.After), nil))
			if err != nil || len(again.After) != len(page.After) {
				t.Errorf("%q becomes %+v: %v", after, again, err)
			}
		}
	})
}
