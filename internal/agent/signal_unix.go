//go:build unix

package agent

import (
	"os/exec"
	"syscall"
)

// terminate asks the script's processes to end.
func terminate(cmd *exec.Cmd) { signal(cmd, syscall.SIGTERM) }

// kill ends the script's processes.
func kill(cmd *exec.Cmd) { signal(cmd, syscall.SIGKILL) }

// signal sends to the whole group, which the script leads. That it is gone is no failure.
func signal(cmd *exec.Cmd, s syscall.Signal) {
	if cmd.Process != nil {
		_ = syscall.Kill(-cmd.Process.Pid, s)
	}
}
