package agent

import (
	"os/exec"
	"syscall"
)

// confine has the script run as another user, if it is to, in a group of processes
// that can be ended together, and end when the agent does. Run as another user it is
// the first process of a PID namespace as well: with it ends everything that it has
// started, also what has left its group.
func confine(cmd *exec.Cmd, id account) {
	a := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if id.other {
		a.Credential = &syscall.Credential{Uid: uint32(id.uid), Gid: uint32(id.gid)}
		a.Cloneflags = syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC
	}
	cmd.SysProcAttr = a
}
