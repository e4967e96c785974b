package command

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
	"github.com/digitalriver/terraform-provider-digitalriver/internal/signature"
)

func TestMain(m *testing.M) {
	for _, name := range []string{secretVariable, passwordVariable, "DIGITALRIVER_BASE_URL"} {
		_ = os.Unsetenv(name)
	}
	goleak.VerifyTestMain(closing{m})
}

// closing ends the connections of the default client, which the commands use.
type closing struct{ *testing.M }

func (m closing) Run() int {
	defer http.DefaultClient.CloseIdleConnections()
	return m.M.Run()
}

// vector was computed without our code:
//
//	printf %s "1700000000.$BODY" | openssl dgst -sha256 -hmac "$SECRET" -binary | base64
const (
	vectorSecret = "whk_ddca9378-9475-40b8-aa8a-b526d42dbc2e"
	vectorBody   = `{"id":"e1","type":"order.accepted","total":27.010,"note":"a<b"}`
	vectorHeader = "1700000000, FzAZQVx84LMWyF988gVrvcMEcKd9EykK1bPrvya8nKo="
)

func file(t *testing.T, content string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// ran is what a command came to.
type ran struct {
	status         int
	stdout, stderr string
}

// expect holds a result to its status and to what it must print, somewhere.
func (r ran) expect(t *testing.T, status int, texts ...string) {
	t.Helper()
	if r.status != status {
		t.Errorf("status %d, want %d", r.status, status)
	}
	for _, text := range texts {
		if !strings.Contains(r.stdout+r.stderr, text) {
			t.Errorf("%q is not in the output", text)
		}
	}
	if t.Failed() {
		t.Errorf("stdout: %s\nstderr: %s", r.stdout, r.stderr)
	}
}

func verifyWith(body string, args ...string) ran {
	var stdout, stderr bytes.Buffer
	status := Verify(args, strings.NewReader(body), &stdout, &stderr)
	return ran{status, stdout.String(), stderr.String()}
}

func TestVerify(t *testing.T) {
	secret := file(t, vectorSecret+"\n")
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, []byte(vectorBody), "", "  "); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, body string
		args       []string
		status     int
		want       string
	}{
		{"valid", vectorBody, nil, 0, "valid\n"},
		{"header line", vectorBody, []string{"-header", "digitalriver-signature: " + vectorHeader}, 0, "valid\n"},
		{"second secret", vectorBody, []string{"-secret-file", file(t, "whk_other\r\n"+vectorSecret)}, 0, "valid\n"},
		{"time in RFC 3339", vectorBody, []string{"-at", "2023-11-14T22:18:20Z"}, 0, "valid\n"},
		{"too late", vectorBody, []string{"-at", "1700000301"}, 1, "outside the tolerance"},
		{"too early", vectorBody, []string{"-at", "1699999699"}, 1, "outside the tolerance"},
		{"within a tolerance", vectorBody, []string{"-at", "1700000301", "-tolerance", "6m"}, 0, "valid\n"},
		{"now", vectorBody, []string{"-at", fmt.Sprint(time.Now().Unix())}, 1, "outside the tolerance"},
		{"malformed", vectorBody, []string{"-header", "now"}, 1, "malformed signature header"},
		{"other secret", vectorBody, []string{"-secret-file", file(t, "whk_other")}, 1, "Compare the secret"},
		{"other body", vectorBody + "x", nil, 1, "Compare the secret"},
		{"line break added", vectorBody + "\n", nil, 1, "without the white space around it"},
		{"written again", pretty.String(), nil, 1, "written without white space"},
		{"no header", vectorBody, []string{"-header", ""}, 2, "-header is missing"},
		{"empty file", vectorBody, []string{"-secret-file", file(t, "\n")}, 2, "is empty"},
		{"no file", vectorBody, []string{"-secret-file", "nowhere"}, 2, "nowhere"},
		{"bad time", vectorBody, []string{"-at", "noon"}, 2, "want a time such as"},
		{"argument", vectorBody, []string{"whk_x"}, 2, "unexpected argument"},
		{"unknown flag", vectorBody, []string{"-toleranc", "1m"}, 2, "did you mean -tolerance?"},
		{"help", vectorBody, []string{"-h"}, 0, "Usage: terraform-provider-digitalriver verify"},
	} {
		t.Run(test.name, func(t *testing.T) {
			args := append([]string{"-header", vectorHeader, "-secret-file", secret, "-at", "1700000300"}, test.args...)
			verifyWith(test.body, args...).expect(t, test.status, test.want)
		})
	}
}

func TestVerifySortedMembers(t *testing.T) {
	header := signature.Header(time.Now(), []byte(`{"a":1.0,"b":2}`), vectorSecret)
	verifyWith(`{"b": 2, "a": 1.0}`, "-header", header, "-secret-file", file(t, vectorSecret)).expect(t, 1, "its members sorted")
}

func TestVerifyEnvironment(t *testing.T) {
	args := []string{"-header", vectorHeader, "-at", "1700000000"}
	verifyWith(vectorBody, args...).expect(t, 2, secretVariable)
	t.Setenv(secretVariable, vectorSecret)
	verifyWith(vectorBody, args...).expect(t, 0, "valid\n")
}

func startSandbox(t *testing.T) string {
	t.Helper()
	s, err := sandbox.Open(sandbox.Options{RateLimit: "off", DataFile: filepath.Join(t.TempDir(), "data")})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		server.Close()
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return server.URL
}

func post(t *testing.T, url, key, body string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+key)
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode >= 300 {
		t.Fatalf("%s: %s", url, answer.Status)
	}
}

func triggerWith(args ...string) ran {
	var stdout, stderr bytes.Buffer
	status := Trigger(context.Background(), args, &stdout, &stderr)
	return ran{status, stdout.String(), stderr.String()}
}

func TestTrigger(t *testing.T) {
	url := startSandbox(t)
	bodies := make(chan string, 10)
	release := make(chan struct{})
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies <- string(body)
		switch r.URL.Path {
		case "/bad":
			w.WriteHeader(500)
		case "/slow":
			<-release
		}
	}))
	defer endpoint.Close()
	defer close(release)
	subscribe := func(key, eventType, path string) {
		post(t, url+"/webhooks", key, fmt.Sprintf(`{"types":[%q],"address":%q}`, eventType, endpoint.URL+path))
	}
	subscribe("sk_test_sandbox", "order.accepted", "/good")
	subscribe("sk_live_sandbox", "order.blocked", "/good")
	subscribe("sk_test_sandbox", "order.cancelled", "/bad")
	subscribe("sk_test_sandbox", "refund.complete", "/slow")

	r := triggerWith("order.accepted", "-sandbox", url+"/", "-data", file(t, `{"currency":"SEK"}`))
	r.expect(t, 0, "order.accepted", "acknowledged", "status 200")
	if body := <-bodies; !strings.Contains(body, `"SEK"`) {
		t.Errorf("no data in %s", body)
	}
	t.Setenv("DIGITALRIVER_BASE_URL", url)
	triggerWith("-mode", "live", "order.blocked").expect(t, 0, "acknowledged")
	triggerWith("order.blocked").expect(t, 1, "no enabled webhook")
	triggerWith("order.accepted", "order.cancelled").expect(t, 1, "acknowledged", "rejected  status 500", "next attempt at")
	triggerWith("refund.complete", "-wait", "1ms").expect(t, 1, "pending")

	r = triggerWith("-json", "order.cancelled")
	r.expect(t, 1)
	var list []map[string]any
	if err := json.Unmarshal([]byte(r.stdout), &list); err != nil || len(list) != 1 {
		t.Fatalf("%v in %s", err, r.stdout)
	}
	got := []any{list[0]["eventType"], list[0]["attempt"], list[0]["status"], list[0]["outcome"]}
	if diff := cmp.Diff([]any{"order.cancelled", 1.0, 500.0, "rejected"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestTriggerWrongUse(t *testing.T) {
	other := httptest.NewServer(http.NotFoundHandler())
	defer other.Close()
	for _, test := range []struct {
		args   []string
		status int
		want   string
	}{
		{nil, 2, "which event type?"},
		{[]string{"order.acepted"}, 2, "did you mean order.accepted"},
		{[]string{"order.accepted", "-mod", "live"}, 2, "did you mean -mode?"},
		{[]string{"order.accepted", "-mode", "lively"}, 2, "test and live"},
		{[]string{"order.accepted", "-data", file(t, "[]")}, 2, "one JSON object"},
		{[]string{"order.accepted", "-data", "nowhere"}, 2, "nowhere"},
		{[]string{"order.accepted", "-sandbox", "http://127.0.0.1:1"}, 1, "no sandbox answers there"},
		{[]string{"order.accepted", "-sandbox", other.URL}, 1, "this is no sandbox that delivers events"},
		{[]string{"-h"}, 0, "Usage: terraform-provider-digitalriver trigger"},
	} {
		triggerWith(test.args...).expect(t, test.status, test.want)
	}
}

func checkWith(args ...string) ran {
	var stdout, stderr bytes.Buffer
	status := CheckEndpoint(context.Background(), args, &stdout, &stderr)
	return ran{status, stdout.String(), stderr.String()}
}

// verifying is an endpoint that does all as it should.
func verifying(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	user, password, _ := r.BasicAuth()
	switch err := signature.Verify(r.Header.Get(signature.HeaderName), vectorSecret, body, time.Now(), time.Minute); {
	case user+password != "shopopen":
		w.WriteHeader(401)
	case err != nil:
		w.WriteHeader(400)
	default:
		w.WriteHeader(202)
	}
}

func TestCheckEndpoint(t *testing.T) {
	secret, password := file(t, vectorSecret), file(t, "open")
	status := func(codes ...int) http.HandlerFunc {
		n := 0
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "https://shop.example.com/new?token=hidden")
			w.WriteHeader(codes[min(n, len(codes)-1)])
			n++
		}
	}
	endless := func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	}
	for _, test := range []struct {
		name    string
		handler http.HandlerFunc
		args    []string
		status  int
		want    []string
	}{
		{"good", verifying, []string{"-username", "shop", "-password-file", password}, 0, []string{"signed event      status 202", "broken signature  status 400", "would count its deliveries as acknowledged"}},
		{"wrong password", verifying, nil, 1, []string{"It answered 401. Compare the credentials"}},
		{"accepts all", status(200), nil, 0, []string{"WARNING: The broken signature was accepted"}},
		{"breaks on a broken signature", status(200, 200, 500), nil, 0, []string{"WARNING: The broken signature was not refused but answered with: status 500"}},
		{"duplicate refused", status(200, 409, 400), nil, 1, []string{"The same event may arrive twice"}},
		{"redirect", status(302), nil, 1, []string{"It redirects (302) to https://shop.example.com/new. "}},
		{"error", status(500), nil, 1, []string{"It answered 500. Only a 2xx", "would count deliveries as failed"}},
		{"not found", status(404), nil, 1, []string{"the path with the one that it serves"}},
		{"endless", endless, nil, 1, []string{"its answer is longer than 64 KiB"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			endpoint := httptest.NewServer(test.handler)
			defer endpoint.Close()
			r := checkWith(append([]string{endpoint.URL, "-secret-file", secret}, test.args...)...)
			r.expect(t, test.status, append(test.want, "WARNING: Plain http")...)
			for _, hidden := range []string{vectorSecret, "open", "hidden"} {
				if strings.Contains(r.stdout+r.stderr, hidden) {
					t.Errorf("%q is in the output", hidden)
				}
			}
		})
	}
}

func TestCheckEndpointTimes(t *testing.T) {
	endpoint := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.URL.Path == "/hangs" {
			<-r.Context().Done()
		}
	}))
	endpoint.StartTLS()
	defer endpoint.Close()
	check := func(path string, now time.Time) *checkResult {
		address := endpoint.URL + path
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: &tls.Config{RootCAs: endpoint.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}}
		c := checker{client: &http.Client{Transport: transport}, url: request.URL, secret: vectorSecret, timeout: 300 * time.Millisecond, now: now}
		result, err := c.check(t.Context(), "order.accepted")
		if err != nil {
			t.Fatal(err)
		}
		return result
	}
	expires := endpoint.Certificate().NotAfter
	good := check("/", expires.Add(-31*24*time.Hour))
	if !good.Passed || good.TLS == nil || !good.TLS.Expires.Equal(expires) || good.TLS.Version != "TLS 1.3" || len(good.Warnings) != 1 {
		t.Errorf("%+v", good)
	}
	if soon := check("/", expires.Add(-29*24*time.Hour)); len(soon.Warnings) != 2 || !strings.Contains(strings.Join(soon.Warnings, ""), "The certificate expires on") {
		t.Errorf("%+v", soon)
	}
	late := check("/hangs", time.Now())
	if late.Passed || len(late.Requests) != 1 || !strings.Contains(late.Failures[0], "no answer within 300 ms") {
		t.Errorf("%+v", late)
	}

	r := checkWith(endpoint.URL)
	r.expect(t, 1, "It cannot be reached: tls: failed to verify certificate", "No secret was given")
}

func TestCheckEndpointJSON(t *testing.T) {
	endpoint := httptest.NewServer(http.HandlerFunc(verifying))
	defer endpoint.Close()
	t.Setenv(secretVariable, vectorSecret)
	t.Setenv(passwordVariable, "open")
	r := checkWith("-json", strings.Replace(endpoint.URL, "://", "://a:secretinurl@", 1), "-username", "shop")
	r.expect(t, 0)
	var result checkResult
	if err := json.Unmarshal([]byte(r.stdout), &result); err != nil {
		t.Fatal(err)
	}
	if !result.Passed || len(result.Requests) != 3 || result.Requests[2].Status != 400 || strings.Contains(r.stdout, "secretinurl") {
		t.Errorf("%s", r.stdout)
	}
}

func TestCheckEndpointWrongUse(t *testing.T) {
	for _, test := range []struct {
		args   []string
		status int
		want   string
	}{
		{nil, 2, "want one URL"},
		{[]string{"shop.example.com"}, 2, "must begin with https://"},
		{[]string{"http://127.0.0.1:1", "-type", "order.acepted"}, 2, "did you mean order.accepted"},
		{[]string{"http://127.0.0.1:1", "-user-name", "x"}, 2, "did you mean -username?"},
		{[]string{"http://127.0.0.1:1", "-username", "x"}, 2, "needs both -username and a password"},
		{[]string{"http://127.0.0.1:1", "-secret-file", "nowhere"}, 2, "nowhere"},
		{[]string{"http://127.0.0.1:1"}, 1, "connection refused"},
		{[]string{"-h"}, 0, "Usage: terraform-provider-digitalriver check-endpoint"},
	} {
		checkWith(test.args...).expect(t, test.status, test.want)
	}
}
