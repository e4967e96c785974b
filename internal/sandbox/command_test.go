package sandbox_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

// readURL takes the address out of the command's first line.
func readURL(t *testing.T, stdout io.Reader) string {
	t.Helper()
	line, err := bufio.NewReader(stdout).ReadString('\n')
	match := regexp.MustCompile(`^Webhooks API sandbox: (http://127\.0\.0\.1:\d+)\n$`).FindStringSubmatch(line)
	if err != nil || match == nil {
		t.Fatalf("first line %q, %v", line, err)
	}
	return match[1]
}

func TestMainServes(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	out, stdout := io.Pipe()
	var stderr bytes.Buffer
	status := make(chan int)
	file := filepath.Join(t.TempDir(), "data")
	go func() {
		status <- sandbox.Main(ctx, []string{"-listen", "127.0.0.1:0", "-data", file, "-rate-limit", "off", "-seed", "42"}, stdout, &stderr)
	}()
	s := &server{t: t, url: readURL(t, out), client: &http.Client{Transport: &http.Transport{}}}
	defer s.client.CloseIdleConnections()
	s.create(simple)
	s.setFaults(`[{"kind":"hang","delay":"1h","times":1}]`)
	hanging := make(chan error)
	go func() {
		_, err := s.send(context.Background(), testKey, "GET", "/webhooks", "")
		hanging <- err
	}()
	for s.callAs("", 200, "GET", "/_sandbox/faults", "").body != "[]" {
		runtime.Gosched()
	}
	cancel()
	if err := <-hanging; err == nil {
		t.Error("the hanging request was answered")
	}
	equal(t, "status", <-status, 0)
	equal(t, "stderr", stderr.String(), "Data in "+file+", seed 42.\n")

	again := start(t, sandbox.Options{DataFile: file})
	equal(t, "webhooks", again.webhooks(), 1)
}

func TestMainWarns(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	out, stdout := io.Pipe()
	var stderr bytes.Buffer
	status := make(chan int)
	go func() { status <- sandbox.Main(ctx, []string{"-listen", "0.0.0.0:0"}, stdout, &stderr) }()
	s := &server{t: t, url: readURL(t, out), client: &http.Client{Transport: &http.Transport{}}}
	s.callAs("", 200, "GET", "/_sandbox/health", "")
	s.client.CloseIdleConnections()
	cancel()
	equal(t, "status", <-status, 0)
	if !regexp.MustCompile(`^Warning: .* is not a loopback address.*\nData in a temporary file, seed \d+\.\n$`).MatchString(stderr.String()) {
		t.Errorf("stderr %q", &stderr)
	}
}

func TestMainArguments(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data")
	start(t, sandbox.Options{DataFile: file})
	for _, test := range []struct {
		args   []string
		status int
		stderr string
	}{
		{[]string{"-h"}, 0, ""},
		{[]string{"-x"}, 2, "-x"},
		{[]string{"extra"}, 2, "extra"},
		{[]string{"-rate-limit", "some"}, 2, "documented, off"},
		{[]string{"-list-form", "some"}, 2, "array or page"},
		{[]string{"-latency", "some"}, 2, "latency"},
		{[]string{"-latency", "-1s"}, 2, "latency"},
		{[]string{"-seed", "-1"}, 2, "seed"},
		{[]string{"-listen", "nowhere"}, 1, "nowhere"},
		{[]string{"-data", file}, 1, file},
	} {
		var stdout, stderr bytes.Buffer
		got := sandbox.Main(t.Context(), test.args, &stdout, &stderr)
		if got != test.status || !strings.Contains(stderr.String(), test.stderr) {
			t.Errorf("%s: status %d, stderr %q", test.args, got, &stderr)
		}
		if help := strings.HasPrefix(stdout.String(), "Usage: terraform-provider-digitalriver sandbox"); help != (got == 0) {
			t.Errorf("%s: stdout %q", test.args, &stdout)
		}
	}
}

// TestHelp shows that the help names every flag, key and control endpoint.
func TestHelp(t *testing.T) {
	var stdout bytes.Buffer
	sandbox.Main(t.Context(), []string{"-h"}, &stdout, io.Discard)
	for _, name := range []string{
		"-listen", "-data", "-rate-limit", "-latency", "-list-form", "-deliver-anywhere", "-seed", testKey, liveKey, restrictedKey,
		"/_sandbox/health", "/_sandbox/requests", "/_sandbox/faults", "/_sandbox/clock", "/_sandbox/reset",
		"/_sandbox/events", "/_sandbox/deliveries",
		"status", "html", "reset_before", "reset_after", "hang", "slow", "truncate",
	} {
		if !strings.Contains(stdout.String(), name) {
			t.Errorf("the help does not name %s", name)
		}
	}
}

// TestKill kills the sandbox under load, several times on one file: every
// change that was answered is there, and nothing that was never asked for.
func TestKill(t *testing.T) {
	file := filepath.Join(t.TempDir(), "data")
	answered := map[string]string{}
	for round := range 3 {
		s, kill := startProcess(t, file)
		equal(t, fmt.Sprintf("round %d", round), s.missing(answered), []string(nil))
		maps := make(chan map[string]string)
		var ready sync.WaitGroup
		const writers = 4
		ready.Add(writers)
		for range writers {
			go func() { maps <- s.writeUntilKilled(ready.Done) }()
		}
		ready.Wait()
		kill()
		for range writers {
			for id, webhook := range <-maps {
				answered[id] = webhook
			}
		}
	}
	s, kill := startProcess(t, file)
	defer kill()
	equal(t, "at last", s.missing(answered), []string(nil))
	if len(answered) < 3*4*20 {
		t.Errorf("only %d webhooks were written", len(answered))
	}
}

func startProcess(t *testing.T, file string) (*server, func()) {
	t.Helper()
	c := exec.Command(os.Args[0], "-listen", "127.0.0.1:0", "-data", file, "-rate-limit", "off")
	c.Env = append(os.Environ(), commandVariable+"=1")
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{}}
	kill := sync.OnceFunc(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
		client.CloseIdleConnections()
	})
	t.Cleanup(kill)
	return &server{t: t, url: readURL(t, stdout), client: client}, kill
}

// writeUntilKilled creates, changes and deletes webhooks, and returns the last
// answered form of each; "" is deleted. Those whose last request got no answer
// are left out. It calls busy after some.
func (s *server) writeUntilKilled(busy func()) map[string]string {
	answered := map[string]string{}
	for i := 0; ; i++ {
		if i == 20 {
			busy()
		}
		r, err := s.send(context.Background(), testKey, "POST", "/webhooks", simple)
		if err != nil {
			return answered
		}
		id := r.object(s.t)["id"].(string)
		answered[id] = r.body
		for _, change := range [][2]string{{"PATCH", `{"enabled":false}`}, {"DELETE", ""}}[:i%3] {
			r, err := s.send(context.Background(), testKey, change[0], "/webhooks/"+id, change[1])
			if err != nil {
				delete(answered, id)
				return answered
			}
			answered[id] = r.body
		}
	}
}

// missing lists the webhooks that are not as they were answered.
func (s *server) missing(answered map[string]string) []string {
	s.t.Helper()
	var wrong []string
	for id, want := range answered {
		r, err := s.send(context.Background(), testKey, "GET", "/webhooks/"+id, "")
		if err != nil {
			s.t.Fatal(err)
		}
		if want == "" && r.status == http.StatusNotFound || r.body == want {
			continue
		}
		wrong = append(wrong, id+": "+r.body+"; want "+want)
	}
	slices.Sort(wrong)
	return wrong
}

// BenchmarkRead asks for one webhook among many over HTTP.
func BenchmarkRead(b *testing.B) {
	s, path := startMany(b)
	for b.Loop() {
		s.call(200, "GET", path, "")
	}
}

// BenchmarkCreate answers creates that are kept.
func BenchmarkCreate(b *testing.B) {
	s, _ := startMany(b)
	for b.Loop() {
		s.call(201, "POST", "/webhooks", simple)
	}
}

// BenchmarkList lists 5,000 webhooks of 60 types each.
func BenchmarkList(b *testing.B) {
	s, _ := startMany(b)
	for b.Loop() {
		s.call(200, "GET", "/webhooks", "")
	}
}

// startMany is a sandbox with 5,000 webhooks of 60 types each, without the
// check of its answers, and the path of one of them.
func startMany(b *testing.B) (*server, string) {
	b.Helper()
	o := sandbox.Options{DataFile: filepath.Join(b.TempDir(), "data"), RateLimit: "off"}
	sb, err := sandbox.Open(o)
	if err != nil {
		b.Fatal(err)
	}
	listener := httptest.NewServer(sb)
	client := &http.Client{Transport: &http.Transport{}}
	b.Cleanup(func() {
		client.CloseIdleConnections()
		listener.Close()
		_ = sb.Close()
	})
	s := &server{t: b, url: listener.URL, client: client}
	body := `{"types":["` + strings.ReplaceAll(typeNames(60), ",", `","`) + `"],"address":"https://example.com"}`
	var id string
	for range 5000 {
		id = s.create(body)
	}
	return s, "/webhooks/" + id
}
