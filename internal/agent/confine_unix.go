//go:build unix && !linux

package agent

import (
	"os/exec"
	"syscall"
)

// confine has the script run as another user, if it is to, and in a group of
// processes that can be ended together.
func confine(cmd *exec.Cmd, id account) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if id.other {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(id.uid), Gid: uint32(id.gid)}
	}
}
