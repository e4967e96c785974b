package duration_test

import (
	"testing"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/duration"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]time.Duration{"0": 0, "0s": 0, "1h30m": 90 * time.Minute, "5ms": 5e6} {
		if d, err := duration.Parse(text); err != nil || d != want {
			t.Errorf("%q: %v, %v", text, d, err)
		}
	}
	for _, text := range []string{"", "5", "1d", "-1s", "soon"} {
		if d, err := duration.Parse(text); err == nil || err.Error() != "want "+duration.Form {
			t.Errorf("%q: %v, %v", text, d, err)
		}
	}
}
