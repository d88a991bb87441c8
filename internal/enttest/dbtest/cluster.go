package dbtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
)

// A build is an installed PostgreSQL, and the user whom it must run as.
type build struct {
	postgres, initdb string
	version          string
	as               *syscall.Credential // nil for ourselves
	base             string              // our folder below the temporary one
}

// findPostgres looks in PATH, then where Debian keeps the servers.
func findPostgres() (*build, error) {
	b := &build{}
	var err error
	b.postgres, err = exec.LookPath("postgres")
	if err == nil {
		b.initdb, err = exec.LookPath("initdb")
	}
	if err != nil {
		found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
		if len(found) == 0 {
			return nil, errAbsent
		}
		b.postgres = found[len(found)-1]
		b.initdb = filepath.Join(filepath.Dir(b.postgres), "initdb")
	}
	out, err := exec.Command(b.postgres, "--version").Output()
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL's version: %w", err)
	}
	b.version = regexp.MustCompile(`[0-9.]+`).FindString(string(out))
	return b, b.prepare()
}

// prepare makes our folder. PostgreSQL refuses to run as root, so root lends
// it the user postgres or nobody.
func (b *build) prepare() (err error) {
	if os.Getuid() == 0 {
		for _, name := range []string{"nobody", "postgres"} {
			if u, err := user.Lookup(name); err == nil {
				uid, _ := strconv.Atoi(u.Uid)
				gid, _ := strconv.Atoi(u.Gid)
				b.as = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
			}
		}
	}
	b.base, err = b.folder(shortTemp())
	return err
}

// folder returns our folder below another, made if need be.
func (b *build) folder(below string) (string, error) {
	owner, gid := os.Getuid(), os.Getgid()
	if b.as != nil {
		owner, gid = int(b.as.Uid), int(b.as.Gid)
	}
	dir := filepath.Join(below, fmt.Sprintf("entente-dbtest-%d", os.Getuid()))
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return "", err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return "", err
	}
	switch has := int(info.Sys().(*syscall.Stat_t).Uid); {
	case info.IsDir() && has == owner:
		return dir, nil
	case info.IsDir() && has == os.Getuid():
		return dir, os.Chown(dir, owner, gid)
	}
	return "", fmt.Errorf("%s belongs to someone else", dir)
}

// memory is where Linux keeps files in memory.
const memory = "/dev/shm"

// plentyOfMemory reports whether memory has room for the stores of many tests.
func plentyOfMemory() bool {
	var fs syscall.Statfs_t
	err := syscall.Statfs(memory, &fs)
	return err == nil && fs.Bavail*uint64(fs.Bsize) > 2<<30
}

// runFolder is where a server keeps its files: in memory if that is possible,
// because starting there takes a tenth of the time.
func (b *build) runFolder(durable bool) string {
	if !durable && plentyOfMemory() {
		if dir, err := b.folder(memory); err == nil {
			return dir
		}
	}
	return b.base
}

// shortTemp is the temporary folder, or /tmp where its path would make that of
// a socket too long.
func shortTemp() string {
	if t := os.TempDir(); len(t) < 60 {
		return t
	}
	return "/tmp"
}

// clusterTemplate returns a folder that initdb has filled once per machine.
func (b *build) clusterTemplate() (string, error) {
	dir := filepath.Join(b.base, "template-"+b.version)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	fresh := fmt.Sprintf("%s.%d", dir, os.Getpid())
	cmd := exec.Command(b.initdb, "--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C", "--no-sync",
		"--wal-segsize=1", "--pgdata="+fresh)
	cmd.Dir = b.base
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: b.as}
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("initdb: %w: %s", err, out)
	}
	if err := os.Rename(fresh, dir); err != nil {
		os.RemoveAll(fresh) // another process was first
	}
	_, err := os.Stat(dir)
	return dir, err
}

// keeper runs the server until its standard input ends, which it does when our
// process does, and then stops the server and removes the folder. So nothing
// is left behind, even when we are killed.
const keeper = `
cp -R "$TEMPLATE" data && chmod 700 data || exit 1
"$@" -D data &
server=$!
read -r end
kill -QUIT $server
wait $server
cd / && rm -rf "$RUN"
`

// launch starts a server on a copy of the template and returns the folder of
// its socket, and the pipe that keeps it alive.
func (b *build) launch(settings []string, durable bool) (string, *os.File, error) {
	from, err := b.clusterTemplate()
	if err != nil {
		return "", nil, err
	}
	run, err := os.MkdirTemp(b.runFolder(durable), "run-")
	if err != nil {
		return "", nil, err
	}
	if b.as != nil {
		if err := os.Chown(run, int(b.as.Uid), int(b.as.Gid)); err != nil {
			return "", nil, err
		}
	}
	args := []string{"-c", strings.TrimSpace(keeper), "keeper", b.postgres, "-c", "unix_socket_directories=" + run}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	log, err := os.Create(filepath.Join(run, "log"))
	if err != nil {
		return "", nil, err
	}
	defer log.Close()
	in, hold, err := os.Pipe()
	if err != nil {
		return "", nil, err
	}
	defer in.Close()
	cmd := exec.Command("/bin/sh", args...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = run, in, log, log
	cmd.Env = append(os.Environ(), "TEMPLATE="+from, "RUN="+run)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: b.as, Setpgid: true}
	return run, hold, cmd.Start()
}
