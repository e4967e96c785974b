// Copyright The terraform-provider-digitalriver authors
// SPDX-License-Identifier: MPL-2.0

//go:build unix

package command

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
)

// interruptVariable makes TestSecondInterrupt a process that does not end when
// the context of untilInterrupted does.
const interruptVariable = "COMMAND_TEST_INTERRUPT"

// TestSecondInterrupt shows that the first interrupt lets a process end in order,
// and that the second one ends it at once.
func TestSecondInterrupt(t *testing.T) {
	if os.Getenv(interruptVariable) != "" {
		ctx, _ := untilInterrupted(t.Context())
		fmt.Println("started")
		<-ctx.Done()
		fmt.Println("interrupted")
		select {}
	}
	for _, interrupt := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		process := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestSecondInterrupt$")
		process.Env = append(os.Environ(), interruptVariable+"=1")
		stdout, err := process.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := process.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(stdout)
		for _, want := range []string{"started", "interrupted"} {
			if lines.Scan(); lines.Text() != want {
				t.Errorf("%s: the process wrote %q, want %q", interrupt, lines.Text(), want)
			}
			if err := process.Process.Signal(interrupt); err != nil {
				t.Error(err)
			}
		}
		err = process.Wait()
		if status := process.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != interrupt {
			t.Errorf("%s: %v", interrupt, err)
		}
	}
}
