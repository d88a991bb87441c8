package agent

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"entente/internal/client"
)

// A Runner runs the scripts of jobs on this machine, one at a time: each in a
// folder of its own that goes with it, with no more of the environment than is
// named here, as a user who can read neither the agent's key nor what the server
// keeps, and within limits.
type Runner struct {
	// User is whom scripts run as; the agent must be root then. Empty means the
	// agent's own user, who can read all that the agent can: for a lab only.
	User string
	// Dir is where the folders of jobs are made; empty means the system's folder
	// for temporary files.
	Dir string
	// Time is how long a script may run; zero means an hour.
	Time time.Duration
	// Memory is how many bytes of address space each process of a script may
	// have, on Linux; zero means 2 GiB.
	Memory uint64
	// Env is what scripts see beside what every job has, as NAME=value.
	Env []string
	// Roots is PEM of the authorities to trust, when they are not the system's. It
	// is put into the job's folder, and the variables that clients read name it.
	Roots []byte
}

const (
	defaultTime   = time.Hour
	defaultMemory = 2 << 30
	grace         = 3 * time.Second // between SIGTERM and the end
)

// An account is a user as the system knows one.
type account struct {
	uid, gid int
	other    bool // than the agent's
}

// Check reports why the runner cannot run scripts here: the user does not exist,
// is root, or this process may not become it.
func (r *Runner) Check() error {
	_, err := r.identity()
	return err
}

func (r *Runner) identity() (account, error) {
	if runtime.GOOS == "windows" {
		return account{}, errors.New("runbooks are not run on Windows")
	}
	if r.User == "" {
		return account{uid: os.Getuid(), gid: os.Getgid()}, nil
	}
	u, err := user.Lookup(r.User)
	if err != nil {
		if u, err = user.LookupId(r.User); err != nil {
			return account{}, fmt.Errorf("there is no user %q on this machine", r.User)
		}
	}
	uid, errU := strconv.Atoi(u.Uid)
	gid, errG := strconv.Atoi(u.Gid)
	switch {
	case errU != nil || errG != nil:
		return account{}, fmt.Errorf("the user %q has no number", r.User)
	case uid == 0:
		return account{}, errors.New("runbooks are not run as root: name an unprivileged user")
	case os.Getuid() != 0:
		return account{}, fmt.Errorf("only root can run scripts as %s", r.User)
	}
	return account{uid, gid, true}, nil
}

// A script is a process that runs, or has run.
type script struct {
	cmd  *exec.Cmd
	dir  string
	done chan struct{} // closed when it has ended and all it printed is here

	mu      sync.Mutex
	printed []client.Record // their Seq not given yet
	size    int
	why     string // it was ended by us
	err     error  // of Wait
}

// start begins a job's script.
func (r *Runner) start(o *client.Order, env []string) (*script, error) {
	id, err := r.identity()
	if err != nil {
		return nil, err
	}
	program, file, err := interpreter(o.Kind)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp(r.Dir, "entente-job-")
	if err != nil {
		return nil, fmt.Errorf("make the job's folder: %w", err)
	}
	s := &script{dir: dir, done: make(chan struct{})}
	if err := r.fill(s, id, program, file, o.Text, env); err != nil {
		s.clean()
		return nil, err
	}
	return s, nil
}

// interpreter returns the program of a kind of runbook with its arguments, and
// the name of the file that it is given.
func interpreter(kind string) (program []string, file string, err error) {
	switch kind {
	case "Shell":
		if path, err := exec.LookPath("bash"); err == nil {
			return []string{path}, "runbook.sh", nil
		}
		return []string{"/bin/sh"}, "runbook.sh", nil
	case "PowerShell":
		path, err := exec.LookPath("pwsh")
		if err != nil {
			return nil, "", errors.New("PowerShell (pwsh) is not installed on the worker")
		}
		return []string{path, "-NoLogo", "-NoProfile", "-NonInteractive", "-File"}, "runbook.ps1", nil
	}
	return nil, "", fmt.Errorf("this worker does not run runbooks of the type %.20q", kind)
}

// limited has a shell bound what it and all that it starts may use, and become the
// script: $1 is the address space in KiB, or 0 for no limit. What cannot be bounded does
// not run. Shells differ in the letter for the number of processes.
const limited = `ulimit -c 0 && ulimit -f 1048576 && { ulimit -u 512 2>/dev/null || ulimit -p 512; } || exit 126
[ "$1" = 0 ] || ulimit -v "$1" || exit 126
shift; exec "$@"`

// fill prepares the folder and starts the process.
func (r *Runner) fill(s *script, id account, program []string, file, text string, env []string) error {
	path := filepath.Join(s.dir, file)
	if err := os.WriteFile(path, []byte(text), 0o500); err != nil {
		return err
	}
	files := []string{s.dir, path}
	env = append(env, "HOME="+s.dir, "TMPDIR="+s.dir, "PATH="+os.Getenv("PATH"), "LANG=C.UTF-8")
	if len(r.Roots) > 0 {
		ca := filepath.Join(s.dir, "ca.pem")
		if err := os.WriteFile(ca, r.Roots, 0o400); err != nil {
			return err
		}
		files = append(files, ca)
		for _, name := range []string{"SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"} {
			env = append(env, name+"="+ca)
		}
	}
	if id.other {
		for _, f := range files {
			if err := os.Chown(f, id.uid, id.gid); err != nil {
				return err
			}
		}
	}
	memory := r.memory() >> 10
	if strings.HasSuffix(file, ".ps1") || runtime.GOOS != "linux" {
		// PowerShell's runtime reserves more address space than any limit of it
		// would leave, and other systems have no such limit.
		env = append(env, fmt.Sprintf("DOTNET_GCHeapHardLimit=0x%x", r.memory()), "POWERSHELL_TELEMETRY_OPTOUT=1")
		memory = 0
	}
	s.cmd = exec.Command("/bin/sh", append([]string{"-c", limited, "sh", strconv.FormatUint(memory, 10)}, append(program, path)...)...)
	s.cmd.Dir, s.cmd.Env = s.dir, append(env, r.Env...)
	s.cmd.WaitDelay = grace // a grandchild that holds the output open does not hold us
	return s.launch(id, r.Time)
}

func (r *Runner) memory() uint64 {
	if r.Memory == 0 {
		return defaultMemory
	}
	return r.Memory
}

// launch starts the process, which has life to run.
func (s *script) launch(id account, life time.Duration) error {
	s.cmd.Stdout, s.cmd.Stderr = printer{s, "Output"}, printer{s, "Error"}
	confine(s.cmd, id)
	started := make(chan error, 1)
	go func() {
		// The kernel ends the script when the thread that began it ends.
		runtime.LockOSThread()
		err := s.cmd.Start()
		started <- err
		if err == nil {
			s.wait()
		}
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start the script: %w", err)
	}
	if life == 0 {
		life = defaultTime
	}
	timer := time.AfterFunc(life, func() { s.end(fmt.Sprintf("The script ran longer than %s, which is what this worker allows.", life)) })
	go func() {
		<-s.done
		timer.Stop()
	}()
	return nil
}

func (s *script) wait() {
	err := s.cmd.Wait()
	kill(s.cmd) // what it has left behind in its group
	s.mu.Lock()
	s.err = err
	s.mu.Unlock()
	close(s.done)
}

// end ends the script: kindly first, and after a moment at once. The first reason counts.
func (s *script) end(why string) {
	s.mu.Lock()
	first := s.why == ""
	if first {
		s.why = why
	}
	s.mu.Unlock()
	if !first {
		return
	}
	terminate(s.cmd)
	go func() {
		select {
		case <-s.done:
		case <-time.After(grace):
			kill(s.cmd)
		}
	}()
}

// exception says why the script failed, or "".
func (s *script) exception() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch exit, failed := errors.AsType[*exec.ExitError](s.err); {
	case s.why != "":
		return s.why
	case failed && exit.ExitCode() >= 0:
		return fmt.Sprintf("The script ended with the exit code %d.", exit.ExitCode())
	case failed:
		return fmt.Sprintf("The script was ended: %s.", exit.ProcessState)
	case s.err != nil && !errors.Is(s.err, exec.ErrWaitDelay):
		return "The script could not be followed: " + s.err.Error()
	}
	return ""
}

// clean removes the job's folder.
func (s *script) clean() { os.RemoveAll(s.dir) }

// A printer takes in one stream of a script.
type printer struct {
	s      *script
	stream string
}

// Write keeps what was printed until it is told of, up to what a job may print.
// It never refuses: a script that prints more runs on.
func (p printer) Write(b []byte) (int, error) {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	left := b[:min(len(b), mostOutput-p.s.size)]
	p.s.size += len(left)
	for len(left) > 0 {
		last := len(p.s.printed) - 1
		if last < 0 || p.s.printed[last].Stream != p.stream || len(p.s.printed[last].Bytes) >= maxRecord {
			p.s.printed = append(p.s.printed, client.Record{Stream: p.stream})
			last++
		}
		r := &p.s.printed[last]
		n := min(len(left), maxRecord-len(r.Bytes))
		r.Bytes = append(r.Bytes, left[:n]...)
		left = left[n:]
	}
	return len(b), nil
}

// print takes out at most most records, and numbers them from seq on.
func (s *script) print(seq *int, most int) []client.Record {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := min(len(s.printed), max(most, 0))
	some := s.printed[:n:n]
	s.printed = s.printed[n:]
	for i := range some {
		*seq++
		some[i].Seq = *seq
	}
	return some
}

// empty reports whether all that was printed is taken out.
func (s *script) empty() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.printed) == 0
}
