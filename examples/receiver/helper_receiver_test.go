package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/signature"
)

const (
	secret      = "whk_current"
	otherSecret = "whk_other"
)

// patience only ends a test that would otherwise hang.
const patience = time.Minute

// What the receivers print when they refuse an event.
const (
	mismatch   = "refused: no secret matches the signature"
	malformed  = "refused: the signature header is malformed"
	stale      = "refused: the timestamp is too far from now"
	notAnEvent = "refused: the body is not an event"
	tooLarge   = "refused: the body is larger than 1 MiB"
	incomplete = "refused: the body is incomplete"
)

// Requests, or the beginnings of them.
const (
	completeRequest  = "GET / HTTP/1.1\r\nHost: receiver\r\n\r\n"
	unfinishedHeader = "POST / HTTP/1.1\r\nHost: receiver\r\n"
	unfinishedBody   = unfinishedHeader + "Expect: 100-continue\r\nContent-Length: 100\r\n\r\n"
)

// runMain makes the test binary run main instead of the tests.
const runMain = "RECEIVER_RUN_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(runMain) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// commands run the receivers of the guide on a free port, with a secret that may
// be empty.
var commands = map[string]func(t *testing.T, secret string) *exec.Cmd{
	"Go": func(t *testing.T, secret string) *exec.Cmd {
		return goCommand(t, "-secret-file", writeFile(t, "secret", secret+"\n"))
	},
	"Node": func(t *testing.T, secret string) *exec.Cmd {
		return nodeCommand(t, "receiver.mjs", secret)
	},
}

func goCommand(t *testing.T, arguments ...string) *exec.Cmd {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(binary, append([]string{"-listen", "127.0.0.1:0"}, arguments...)...)
	command.Env = append(os.Environ(), runMain+"=1")
	return command
}

func nodeCommand(t *testing.T, program, secret string) *exec.Cmd {
	t.Helper()
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed")
	}
	command := exec.Command(node, program)
	command.Env = append(os.Environ(), "PORT=0", "DIGITALRIVER_WEBHOOK_SECRET="+secret)
	return command
}

// editedNode returns a copy of receiver.mjs in which everything that matches a
// pattern is replaced.
func editedNode(t *testing.T, replacements map[string]string) (program string) {
	t.Helper()
	content, err := os.ReadFile("receiver.mjs")
	if err != nil {
		t.Fatal(err)
	}
	for pattern, replacement := range replacements {
		expression := regexp.MustCompile(pattern)
		if !expression.Match(content) {
			t.Fatalf("receiver.mjs has nothing that matches %s", pattern)
		}
		content = expression.ReplaceAll(content, []byte(replacement))
	}
	return writeFile(t, "receiver.mjs", string(content))
}

func writeFile(t *testing.T, name, content string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The timeouts of the receiver in Go.
func readTimeout(s *http.Server) *time.Duration  { return &s.ReadTimeout }
func writeTimeout(s *http.Server) *time.Duration { return &s.WriteTimeout }
func idleTimeout(s *http.Server) *time.Duration  { return &s.IdleTimeout }

// serveShortened runs the receiver in Go with one timeout shortened and the others
// lengthened. A timeout that the receiver does not set stays unset.
func serveShortened(t *testing.T, chosen func(*http.Server) *time.Duration) (url string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := newServer(&receiver{secretFile: writeFile(t, "secret", secret)})
	for _, timeout := range []func(*http.Server) *time.Duration{readTimeout, writeTimeout, idleTimeout} {
		*timeout(server) *= 1000
	}
	*chosen(server) /= 100_000
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	return "http://" + listener.Addr().String()
}

// nodeShortened returns a copy of receiver.mjs with one timeout shortened and the
// others lengthened.
func nodeShortened(t *testing.T, chosen string) (program string) {
	t.Helper()
	replacements := map[string]string{`connectionsCheckingInterval: [0-9_]+`: "connectionsCheckingInterval: 50"}
	for _, option := range []string{"requestTimeout", "keepAliveTimeout"} {
		milliseconds := "100_000_000"
		if option == chosen {
			milliseconds = "100"
		}
		replacements[option+`: [0-9_]+`] = option + ": " + milliseconds
	}
	return editedNode(t, replacements)
}

// running is a receiver at work.
type running struct {
	url   string
	lines chan string // that it prints; closed when it ends
}

func start(t *testing.T, command *exec.Cmd) *running {
	t.Helper()
	stdout, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stderr = t.Output()
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	r := &running{lines: make(chan string, 100)}
	go func() {
		defer close(r.lines)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			r.lines <- lines.Text()
		}
	}()
	t.Cleanup(func() {
		_ = command.Process.Kill()
		for range r.lines { // Wait closes the pipe, so everything must be read before.
		}
		_ = command.Wait()
	})
	r.url = strings.TrimPrefix(r.nextLine(t), "Receiver: ")
	return r
}

func (r *running) nextLine(t *testing.T) string {
	t.Helper()
	select {
	case line, ok := <-r.lines:
		if !ok {
			t.Fatal("the receiver has ended")
		}
		return line
	case <-time.After(patience):
		t.Fatal("the receiver prints nothing")
	}
	return ""
}

func (r *running) expectLine(t *testing.T, want string) {
	t.Helper()
	if got := r.nextLine(t); got != want {
		t.Errorf("the receiver prints %q, want %q", got, want)
	}
}

// expect sends a request, with a signature header unless that is empty, and checks
// the status of the response and what the receiver prints.
func (r *running) expect(t *testing.T, header, body string, status int, line string) {
	t.Helper()
	headers := http.Header{}
	if header != "" {
		headers.Set(signature.HeaderName, header)
	}
	if got := post(t, r.url, headers, body); got != status {
		t.Errorf("status %d, want %d", got, status)
	}
	r.expectLine(t, line)
}

// expectAccepted sends an event, which must be accepted.
func (r *running) expectAccepted(t *testing.T, id string) {
	t.Helper()
	body := eventBody(id)
	r.expect(t, signed(body, secret), body, http.StatusAccepted, "received order.accepted "+id)
}

// expectNoStart runs a command, which must end with an error that says want.
func expectNoStart(t *testing.T, command *exec.Cmd, want string) {
	t.Helper()
	var output bytes.Buffer
	command.Stdout, command.Stderr = &output, &output
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	hanging := time.AfterFunc(patience, func() { _ = command.Process.Kill() })
	defer hanging.Stop()
	_ = command.Wait()
	if command.ProcessState.ExitCode() != 1 {
		t.Errorf("the receiver ends with %s, want exit status 1", command.ProcessState)
	}
	if got := output.String(); !strings.Contains(got, want) || strings.Count(got, "\n") != 1 {
		t.Errorf("the receiver prints %q, want a line with %q", got, want)
	}
}

func post(t *testing.T, url string, header http.Header, body string) (status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = header
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode
}

// beginUpload sends a part of a request, and returns once the receiver reads the
// body.
func (r *running) beginUpload(t *testing.T) *net.TCPConn {
	t.Helper()
	connection := dial(t, r.url, unfinishedBody)
	line, err := bufio.NewReader(connection).ReadString('\n')
	if err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("the receiver returns %q, %v", line, err)
	}
	if _, err := io.WriteString(connection, "{"); err != nil {
		t.Fatal(err)
	}
	return connection
}

// dial opens a connection to a server and sends it the beginning of a request.
func dial(t *testing.T, receiver, beginning string) *net.TCPConn {
	t.Helper()
	u, err := url.Parse(receiver)
	if err != nil {
		t.Fatal(err)
	}
	address, err := net.ResolveTCPAddr("tcp", u.Host)
	if err != nil {
		t.Fatal(err)
	}
	connection, err := net.DialTCP("tcp", nil, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	if err := connection.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(connection, beginning); err != nil {
		t.Fatal(err)
	}
	return connection
}

// expectEnd reads from a connection until the receiver ends it.
func expectEnd(t *testing.T, connection net.Conn) {
	t.Helper()
	if _, err := io.Copy(io.Discard, connection); errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error("the receiver does not end the connection")
	}
}

func eventBody(id string) string {
	return fmt.Sprintf(`{"id":%q,"type":"order.accepted","data":{"object":{}}}`, id)
}

// signed is the signature header of a body sent now.
func signed(body string, secrets ...string) string {
	return signature.Header(time.Now(), []byte(body), secrets...)
}

// signedAt is the signature header of a body sent at an offset from now.
func signedAt(body string, offset time.Duration) string {
	return signature.Header(time.Now().Add(offset), []byte(body), secret)
}
