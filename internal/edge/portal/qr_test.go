package portal

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/boombuler/barcode/qr"
)

// TestQR paints what the SVG says and compares it, module for module, with the
// code.
func TestQR(t *testing.T) {
	const text = "otpauth://totp/Contoso:ada@contoso.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
	got, err := QR(text, `A "code"`)
	if err != nil {
		t.Fatal(err)
	}
	code, err := qr.Encode(text, qr.M, qr.Unicode)
	if err != nil {
		t.Fatal(err)
	}
	size := code.Bounds().Dx()
	painted := map[string]bool{}
	for _, run := range regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`).FindAllStringSubmatch(string(got), -1) {
		n := make([]int, 4)
		for i := range n {
			if n[i], err = strconv.Atoi(run[i+1]); err != nil {
				t.Fatal(err)
			}
		}
		if n[2] != n[3] {
			t.Errorf("a run that does not close: %v", run)
		}
		for x := range n[2] {
			painted[fmt.Sprint(n[0]+x-quiet, n[1]-quiet)] = true
		}
	}
	for y := range size {
		for x := range size {
			if want := dark(code.At(x, y).RGBA()); painted[fmt.Sprint(x, y)] != want {
				t.Fatalf("module %d, %d: painted %v, want %v", x, y, !want, want)
			}
		}
	}
	if !strings.Contains(string(got), fmt.Sprintf(`viewBox="0 0 %d %d"`, size+8, size+8)) || !strings.Contains(string(got), `aria-label="A &#34;code&#34;"`) {
		t.Errorf("got %.300s", got)
	}
	if _, err := QR(strings.Repeat("x", 10_000), ""); err == nil {
		t.Error("a text that does not fit has a code")
	}
}
