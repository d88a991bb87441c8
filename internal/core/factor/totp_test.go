package factor

import (
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestCodesOfTheStandard has the last six digits of RFC 6238, appendix B.
func TestCodesOfTheStandard(t *testing.T) {
	for at, want := range map[int64]string{
		59: "287082", 1111111109: "081804", 1111111111: "050471", 1234567890: "005924", 2000000000: "279037", 20000000000: "353130",
	} {
		if got := codeAt([]byte("12345678901234567890"), stepAt(time.Unix(at, 0))); got != want {
			t.Errorf("at %d: got %s, want %s", at, got, want)
		}
	}
}

func TestWhichCodesCount(t *testing.T) {
	key := []byte("12345678901234567890")
	now := time.Unix(1111111111, 0)
	at := stepAt(now)
	tests := []struct {
		name  string
		code  string
		after int64
		step  int64
		used  bool
	}{
		{"the code of now", codeAt(key, at), 0, at, false},
		{"of the step before: the phone is slow", codeAt(key, at-1), 0, at - 1, false},
		{"of the step after: the phone is fast", codeAt(key, at+1), 0, at + 1, false},
		{"of two steps before", codeAt(key, at-2), 0, 0, false},
		{"of two steps after", codeAt(key, at+2), 0, 0, false},
		{"of now, once more", codeAt(key, at), at, 0, true},
		{"of the step before, after that of now", codeAt(key, at-1), at, 0, true},
		{"of the step after, after that of now", codeAt(key, at+1), at, at + 1, false},
		{"none", "", 0, 0, false},
		{"five digits", "05047", 0, 0, false},
		{"with another digit", "050472", 0, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if step, used := match(key, tt.code, now, tt.after); step != tt.step || used != tt.used {
				t.Errorf("got %d, %v, want %d, %v", step, used, tt.step, tt.used)
			}
		})
	}
}

func TestCodesAsTyped(t *testing.T) {
	for typed, want := range map[string]string{"123 456": "123456", " 123-456\n": "123456", "12\u00a03456": "123456"} {
		if got := plainCode(typed); got != want {
			t.Errorf("%q: got %q, want %q", typed, got, want)
		}
	}
	for typed, want := range map[string]string{"ABCD-EFGH-JKMN": "abcdefghjkmn", "Oil0 O1l1 iiii": "011001111111"} {
		if got := plainSpare(typed); got != want {
			t.Errorf("%q: got %q, want %q", typed, got, want)
		}
	}
}

// TestWhatIsScanned cannot be led astray by names.
func TestWhatIsScanned(t *testing.T) {
	text := uriOf([]byte("12345678901234567890"), "Evil: Corp?secret=A&x=\u202ey"+strings.Repeat("n", 100), "ada@contoso.example")
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	if u.Scheme != "otpauth" || u.Host != "totp" || q.Get("secret") != "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ" || len(q["secret"]) != 1 ||
		q.Get("algorithm") != "SHA1" || q.Get("digits") != "6" || q.Get("period") != "30" || strings.Contains(q.Get("issuer"), ":") ||
		u.Path != "/"+q.Get("issuer")+":ada@contoso.example" || len([]rune(q.Get("issuer"))) != 40 {
		t.Errorf("got %s", text)
	}
}

func TestRecoveryCodesAreWellSpelled(t *testing.T) {
	random := make([]byte, spareLen)
	for i := range random {
		random[i] = byte(i * 21)
	}
	got := spareOf(random)
	if len(got) != 14 || got[4] != '-' || got[9] != '-' || len(plainSpare(got)) != spareLen || plainSpare(got) != strings.ReplaceAll(got, "-", "") {
		t.Errorf("got %s", got)
	}
}
