package analysis

import (
	"runtime"
	"sync"
	"time"

	pgquery "github.com/wasilibs/go-pgquery"
)

// parserCost is roughly the cost of another parser of go-pgquery: that much processor
// time, and some megabytes that are never freed.
const parserCost = 1500 * time.Millisecond

// parsers bounds the parsers of this process. go-pgquery creates one whenever all are
// busy, so the number of busy ones is bounded here: by the number of processors, since
// each parser keeps one busy, and before that by the time spent waiting, so that a
// process with few statements has one only.
var parsers = newCrew(runtime.GOMAXPROCS(0), parserCost)

// Warm starts the parser, which takes a second, so that the first statement need not
// wait. Call it before the listener opens.
var Warm = sync.OnceValue(func() error {
	_, err := pgquery.Parse("SELECT 1")
	return err
})

// withParser calls a function of go-pgquery when a parser is free.
func withParser[In, Out any](f func(In) (Out, error), in In) (out Out, err error) {
	if err := Warm(); err != nil { // waiting for the first parser does not count as a reason for a second
		return out, err
	}
	parsers.begin()
	defer parsers.end()
	return f(in)
}

// crew bounds how many work at once: one at first, and another one whenever the time
// spent waiting reaches its cost, so that the total is at most twice the minimum.
type crew struct {
	free chan struct{} // an element for each idle one
	cost time.Duration

	mu     sync.Mutex
	size   int
	waited time.Duration // since the last one was added
}

func newCrew(most int, cost time.Duration) *crew {
	c := &crew{free: make(chan struct{}, most), cost: cost, size: 1}
	c.free <- struct{}{}
	return c
}

// begin waits until one of the crew is free. Each begin needs an end.
func (c *crew) begin() {
	select {
	case <-c.free:
		return
	default:
	}
	since := time.Now()
	long := time.NewTimer(c.cost) // a single wait may take longer than another one costs
	defer long.Stop()
	select {
	case <-c.free:
		c.wait(time.Since(since))
	case <-long.C:
		c.wait(c.cost)
		<-c.free
	}
}

func (c *crew) end() { c.free <- struct{}{} }

// wait adds up the time spent waiting, and lets the crew grow when that is worthwhile.
func (c *crew) wait(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waited += d
	if c.waited >= c.cost && c.size < cap(c.free) {
		c.waited, c.size = 0, c.size+1
		c.free <- struct{}{}
	}
}
