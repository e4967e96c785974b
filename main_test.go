// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bufio"
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/signature"
)

const binary = "terraform-provider-digitalriver"

// TestMain makes the test binary the provider's binary when a script runs that.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){binary: main})
}

// TestScripts runs the scripts in testdata/script, which run the binary as a user
// does. The package testscript explains their language. $ROOT is the repository.
// They also have these commands:
//
//	exits STATUS COMMAND...      runs a command that must end with an exit status
//	capture NAME PATTERN         sets $NAME to what the first group of a regular
//	                             expression matches in the last standard output
//	sandbox [FLAGS]              starts the sandbox command on a free port, and
//	                             sets $DIGITALRIVER_BASE_URL and $ADDRESS
//	interrupt                    interrupts that; it must end with status 0.
//	                             On Windows, it kills that
//	call KEY METHOD PATH [BODY]  sends the sandbox a request, and prints the
//	                             response
//	endpoint NAME RESPONSE...    starts an endpoint, and sets $NAME to its URL. Its
//	                             responses are statuses or names in responses. The
//	                             last one is repeated
//	tlsendpoint NAME FILE RESPONSE...
//	                             the same with https; writes its certificate to a
//	                             file
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			env.Values[sandboxKey{}] = &sandboxProcess{}
			root, err := os.Getwd()
			env.Setenv("ROOT", root)
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":       exits,
			"capture":     capture,
			"sandbox":     startSandbox,
			"interrupt":   interruptSandbox,
			"call":        callSandbox,
			"endpoint":    startEndpoint,
			"tlsendpoint": startTLSEndpoint,
		},
	})
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

func capture(ts *testscript.TestScript, _ bool, args []string) {
	match := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile("stdout"))
	if match == nil {
		ts.Fatalf("standard output does not match %s", args[1])
	}
	ts.Setenv(args[0], match[1])
}

// sandboxProcess is the sandbox of a script, which is its value for sandboxKey.
type sandboxProcess struct {
	command *exec.Cmd
	stderr  strings.Builder
}

type sandboxKey struct{}

func startSandbox(ts *testscript.TestScript, _ bool, args []string) {
	p := ts.Value(sandboxKey{}).(*sandboxProcess)
	p.stderr.Reset()
	p.command = exec.Command(binary, append([]string{"sandbox", "-listen", "127.0.0.1:0"}, args...)...)
	p.command.Dir = ts.Getenv("WORK")
	p.command.Stderr = &p.stderr
	stdout, err := p.command.StdoutPipe()
	ts.Check(err)
	ts.Check(p.command.Start())
	ts.Defer(func() {
		_ = p.command.Process.Kill()
		_ = p.command.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	ts.Check(err)
	port, ok := strings.CutPrefix(line, "Webhooks API sandbox: http://127.0.0.1:")
	if !ok {
		ts.Fatalf("the first line is %q", line)
	}
	address := "127.0.0.1:" + strings.TrimSpace(port)
	ts.Setenv("ADDRESS", address)
	ts.Setenv("DIGITALRIVER_BASE_URL", "http://"+address)
}

func interruptSandbox(ts *testscript.TestScript, _ bool, _ []string) {
	p := ts.Value(sandboxKey{}).(*sandboxProcess)
	if runtime.GOOS == "windows" { // A process cannot interrupt another one there.
		ts.Check(p.command.Process.Kill())
		_ = p.command.Wait()
	} else {
		ts.Check(p.command.Process.Signal(os.Interrupt))
		ts.Check(p.command.Wait())
	}
	_, err := io.WriteString(ts.Stderr(), p.stderr.String())
	ts.Check(err)
}

func callSandbox(ts *testscript.TestScript, _ bool, args []string) {
	request, err := http.NewRequest(args[1], ts.Getenv("DIGITALRIVER_BASE_URL")+args[2],
		strings.NewReader(strings.Join(args[3:], "")))
	ts.Check(err)
	request.Header.Set("Authorization", "Bearer "+args[0])
	response, err := http.DefaultClient.Do(request)
	ts.Check(err)
	defer func() { _ = response.Body.Close() }()
	_, err = fmt.Fprintln(ts.Stdout(), response.Status)
	ts.Check(err)
	_, err = io.Copy(ts.Stdout(), response.Body)
	ts.Check(err)
}

// The secret and the credentials that the response "verify" expects.
const (
	secret   = "whk_ddca9378-9475-40b8-aa8a-b526d42dbc2e"
	username = "shop"
	password = "open"
)

// responses are what an endpoint can do besides responding with a status.
var responses = map[string]http.HandlerFunc{
	// As an endpoint should: 401 for other credentials, 400 for an invalid signature.
	"verify": func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		err := signature.Verify(r.Header.Get(signature.HeaderName), secret, body, time.Now(), 5*time.Minute)
		switch user, pass, _ := r.BasicAuth(); {
		case user != username || pass != password:
			w.WriteHeader(http.StatusUnauthorized)
		case err != nil:
			http.Error(w, err.Error()+" "+secret, http.StatusBadRequest)
		default:
			w.WriteHeader(http.StatusAccepted)
		}
	},
	// Accepts events of a custom type with an object of its own.
	"object": func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if !bytes.Contains(body, []byte(`"type":"acme.custom","data":{"object":{"id":"acme-1"}}`)) {
			w.WriteHeader(http.StatusBadRequest)
		}
	},
	"hang": func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	},
	"endless": func(w http.ResponseWriter, _ *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	},
	"redirect": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "https://shop.example.com/new?token=hidden")
		w.WriteHeader(http.StatusFound)
	},
	"redirect-nowhere": func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "https://shop:hid den@shop.example.com")
		w.WriteHeader(http.StatusFound)
	},
	// What a server of another protocol may do: it sends back what it gets.
	"echo": func(w http.ResponseWriter, r *http.Request) {
		conn, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_, _ = fmt.Fprintf(conn, "%s %s %s\r\n", r.Method, r.RequestURI, r.Proto)
			_ = conn.Close()
		}
	},
}

func startEndpoint(ts *testscript.TestScript, _ bool, args []string) {
	server := newEndpoint(ts, args[1:])
	server.Start()
	ts.Setenv(args[0], server.URL)
}

func startTLSEndpoint(ts *testscript.TestScript, _ bool, args []string) {
	server := newEndpoint(ts, args[2:])
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	ts.Setenv(args[0], server.URL)
	block := &pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), pem.EncodeToMemory(block), 0o600))
}

// newEndpoint returns a server with these responses, which is not started.
func newEndpoint(ts *testscript.TestScript, names []string) *httptest.Server {
	var handlers []http.HandlerFunc
	for _, name := range names {
		handler := responses[name]
		if handler == nil {
			status, err := strconv.Atoi(name)
			ts.Check(err)
			handler = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }
		}
		handlers = append(handlers, handler)
	}
	var requests atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handlers[min(int(requests.Add(1)), len(handlers))-1](w, r)
	}))
	ts.Defer(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return server
}
