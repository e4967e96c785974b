// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package sandbox_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/digitalriver/terraform-provider-digitalriver/internal/sandbox"
)

// dataFileVariable makes the test binary a process that serves a sandbox with
// this data file, for tests that kill it.
const dataFileVariable = "SANDBOX_TEST_DATA_FILE"

// serveProcess serves a sandbox until it is killed. It prints its URL.
func serveProcess(file string) int {
	s, err := sandbox.Open(sandbox.Options{DataFile: file, RateLimit: "off"})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Printf("http://%s\n", listener.Addr())
	fmt.Fprintln(os.Stderr, s.Serve(context.Background(), listener))
	return 1
}

// startProcess starts a process with a sandbox.
func startProcess(t *testing.T, file string) (s *server, kill func()) {
	t.Helper()
	c := exec.Command(os.Args[0])
	c.Env = append(os.Environ(), dataFileVariable+"="+file)
	c.Stderr = os.Stderr
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{}}
	kill = sync.OnceFunc(func() {
		_ = c.Process.Kill()
		_ = c.Wait()
		client.CloseIdleConnections()
	})
	t.Cleanup(kill)
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return &server{t: t, url: strings.TrimSpace(url), client: client}, kill
}
