// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"time"
)

// The sandbox's keys. Its rate limit is 25 requests per second in test mode and 250 in live mode.
const (
	testKey = "sk_test_sandbox"
	liveKey = "sk_live_sandbox"
)

// sandbox is a running Webhooks API: the sandbox command of the provider's binary.
type sandbox struct {
	process *exec.Cmd
	url     string
}

// startSandbox starts a sandbox that keeps its webhooks in the file data.
func (b *bench) startSandbox(ctx context.Context, data string, flags ...string) (*sandbox, error) {
	args := append([]string{"sandbox", "-listen", "127.0.0.1:0", "-data", data}, flags...)
	s := &sandbox{process: exec.CommandContext(ctx, b.file(providers, providerBinary), args...)}
	out, err := s.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.process.Start(); err != nil {
		return nil, err
	}
	if _, err := fmt.Fscanf(out, "Webhooks API sandbox: %s\n", &s.url); err != nil {
		s.stop()
		return nil, fmt.Errorf("the sandbox did not print its address: %w", err)
	}
	return s, nil
}

func (s *sandbox) stop() {
	_ = s.process.Process.Signal(os.Interrupt)
	_ = s.process.Wait()
}

// webhook is the part of a webhook that the API generates.
type webhook struct {
	ID          string    `json:"id"`
	CreatedTime time.Time `json:"createdTime"`
	UpdatedTime time.Time `json:"updatedTime"`
}

// create creates a webhook in test mode.
func (s *sandbox) create(address string, types []string) (webhook, error) {
	var created webhook
	body, err := json.Marshal(map[string]any{"address": address, "types": types})
	if err != nil {
		return created, err
	}
	req, err := http.NewRequest(http.MethodPost, s.url+"/webhooks", bytes.NewReader(body))
	if err != nil {
		return created, err
	}
	req.Header.Set("Authorization", "Bearer "+testKey)
	return created, call(req, &created)
}

// takeRequests counts the API requests in the sandbox's log, by method and by
// status code, and clears the log. "all" counts them all.
func (s *sandbox) takeRequests() (map[string]int, error) {
	const path = "/_sandbox/requests"
	list, err := http.NewRequest(http.MethodGet, s.url+path, nil)
	if err != nil {
		return nil, err
	}
	var requests []struct {
		Method string `json:"method"`
		Status int    `json:"status"`
	}
	if err := call(list, &requests); err != nil {
		return nil, err
	}
	counts := map[string]int{}
	for _, request := range requests {
		counts[request.Method]++
		counts[strconv.Itoa(request.Status)]++
		counts["all"]++
	}
	clearLog, err := http.NewRequest(http.MethodDelete, s.url+path, nil)
	if err != nil {
		return nil, err
	}
	return counts, call(clearLog, nil)
}

// call sends a request to the sandbox and decodes the response into out, unless out is nil.
func call(req *http.Request, out any) error {
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: %s", req.Method, req.URL, resp.Status)
	}
	if out == nil {
		return nil
	}
	return json.NewDecoder(resp.Body).Decode(out)
}
