package index

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/veil-proxy/veil/audit"
)

// Options say what to index.
type Options struct {
	// Log is the folder of the audit log, Dir the folder of the index, which is created if
	// necessary.
	Log, Dir string
	// Recent is the log's, if the same process writes it: the index takes new lines from
	// it instead of reading the file. Nil means that it reads the file.
	Recent *audit.Recent
	// Logger logs problems; it may be nil.
	Logger *slog.Logger

	records int           // of a block; zero: blockRecords
	pages   int           // that the database may have; zero: any number
	poll    time.Duration // zero: pollEvery
	retry   time.Duration // zero: retryEvery
}

// How often the log is checked while nothing is written, how often opening an index is
// retried, and how often removed segments are looked for.
const (
	pollEvery  = 200 * time.Millisecond
	retryEvery = 30 * time.Second
	pruneEvery = time.Minute
)

// State is what an index is doing.
type State string

// The states.
const (
	Ready       State = "ready"       // it is up to date
	Reading     State = "reading"     // it is being built, or is catching up
	Unavailable State = "unavailable" // see Status.Problem
)

// Status is the status of an index.
type Status struct {
	State State
	// Problem says, for people, why it is unavailable. Rebuilt says why it was rebuilt since
	// the process started; empty if it was not.
	Problem, Rebuilt string
	// Records is how many records it has, and Seq the number of the last line that was
	// read.
	Records, Seq uint64
	// Behind is how many bytes of the log, out of All, have not been read yet.
	Behind, All int64
	// Unreadable is how many lines of the log cannot be read, First the position of the
	// first one. audit.Verify gives details.
	Unreadable uint64
	First      string
}

// UnavailableError says that an index cannot be used, and why.
type UnavailableError struct{ Problem string }

func (e *UnavailableError) Error() string { return e.Problem }

// Index is an index that follows a log. It is safe for concurrent use.
type Index struct {
	opts Options
	end  context.CancelFunc
	done chan struct{}
	sync chan chan error
	// waiting are those who wait until the goroutine that follows the log reaches its end.
	waiting []chan error
	// rebuild says that a search found damage.
	rebuild chan error
	more    <-chan struct{} // there is much to read

	mu     sync.RWMutex
	status Status
	store  *store // nil: unavailable
	content
	open *builder // nil: no record since the last block
}

// Open returns the index of a log, and follows the log until Close. It never fails: Status
// says what is wrong.
func Open(o Options) *Index {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.records == 0 {
		o.records = blockRecords
	}
	if o.poll == 0 {
		o.poll = pollEvery
	}
	if o.retry == 0 {
		o.retry = retryEvery
	}
	ctx, end := context.WithCancel(context.Background())
	x := &Index{opts: o, end: end, done: make(chan struct{}), sync: make(chan chan error), rebuild: make(chan error, 1), status: Status{State: Reading}}
	if o.Recent != nil {
		x.more = o.Recent.More
	}
	go x.run(ctx)
	return x
}

// Close stops following the log and closes the database.
func (x *Index) Close() {
	x.end()
	<-x.done
}

// Status returns the status of the index.
func (x *Index) Status() Status {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.status
}

// Sync returns once the index has all that is in the log now, or with an *UnavailableError if
// that is not possible.
func (x *Index) Sync(ctx context.Context) error {
	reply := make(chan error, 1)
	select {
	case x.sync <- reply:
	case <-ctx.Done():
		return ctx.Err()
	case <-x.done:
		return errClosed
	}
	select {
	case err := <-reply:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-x.done:
		return errClosed
	}
}

var errClosed = errors.New("the index is closed")

// reply releases those who wait for the end of the log.
func (x *Index) reply(err error) {
	for _, waiting := range x.waiting {
		waiting <- err
	}
	x.waiting = nil
}

// Values returns the values of a kind that records have or once had, sorted.
func (x *Index) Values(kind Kind) (all []string) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.values == nil {
		return nil
	}
	for _, v := range x.values.list {
		if v.kind == kind {
			all = append(all, v.text)
		}
	}
	slices.Sort(all)
	return all
}

// run follows the log, whatever happens to the index.
func (x *Index) run(ctx context.Context) {
	defer close(x.done)
	told := ""
	builds := 0
	for {
		err := x.follow(ctx)
		x.drop()
		if ctx.Err() != nil {
			return
		}
		if canBuild(err) && builds < 3 {
			builds++
			x.opts.Logger.Warn("the audit index is being rebuilt from the log; no record is lost", "reason", err.Error())
			x.set(func(s *Status) { *s = Status{State: Reading, Rebuilt: err.Error()} })
			if err = plain(setAside(x.opts.Dir)); err == nil {
				continue
			}
		}
		builds = 0
		if err.Error() != told {
			told = err.Error()
			x.opts.Logger.Warn("the audit index cannot be used; Veil retries from time to time, and nothing else is affected", "reason", told)
		}
		x.set(func(s *Status) { *s = Status{State: Unavailable, Problem: told, Rebuilt: s.Rebuilt} })
		x.reply(&UnavailableError{told})
		if !x.pause(ctx, told) {
			return
		}
	}
}

// pause waits until the next attempt. It reports false if the index is closed.
func (x *Index) pause(ctx context.Context, problem string) bool {
	again := time.After(x.opts.retry)
	for {
		select {
		case <-ctx.Done():
			return false
		case reply := <-x.sync:
			reply <- &UnavailableError{problem}
		case <-again:
			return true
		}
	}
}

// drop discards what is in memory.
func (x *Index) drop() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.store != nil {
		_ = x.store.close() // complete blocks are in the database: nothing is lost
	}
	x.store, x.content, x.open = nil, content{}, nil
	select {
	case <-x.rebuild: //nolint:errcheck // it was about what is closed now
	default:
	}
}

func (x *Index) set(change func(*Status)) {
	x.mu.Lock()
	defer x.mu.Unlock()
	change(&x.status)
}
