package analysis

import (
	"runtime"
	"sync"
	"time"

	pgquery "github.com/wasilibs/go-pgquery"
)

// parserCost is about what another parser of go-pgquery costs: that much time of a
// processor, and some megabytes that stay.
const parserCost = 1500 * time.Millisecond

// parsers are those of this process. go-pgquery makes one whenever all are at work, so the
// number at work is bounded here: by that of processors, since a parser runs on one to its
// end, and before by what has been waited for, so that a process with few statements has
// one only.
var parsers = newCrew(runtime.GOMAXPROCS(0), parserCost)

// Warm starts the parser, which takes a second, so that the first statement does not
// have to wait. Call it before the listener opens.
var Warm = sync.OnceValue(func() error {
	_, err := pgquery.Parse("SELECT 1")
	return err
})

// withParser calls a function of go-pgquery when a parser is free.
func withParser[In, Out any](f func(In) (Out, error), in In) (out Out, err error) {
	if err := Warm(); err != nil { // what waits for the first parser does not call for a second
		return out, err
	}
	parsers.begin()
	defer parsers.end()
	return f(in)
}

// crew bounds how many work at once. One does at first. Another may as soon as the others
// have been waited for as long as it costs, so that at most twice the least possible is spent.
type crew struct {
	free chan struct{} // an element for each that is not at work
	cost time.Duration

	mu     sync.Mutex
	size   int
	waited time.Duration // since the last one came
}

func newCrew(most int, cost time.Duration) *crew {
	c := &crew{free: make(chan struct{}, most), cost: cost, size: 1}
	c.free <- struct{}{}
	return c
}

// begin waits until one of the crew is free. Each begin has an end.
func (c *crew) begin() {
	select {
	case <-c.free:
		return
	default:
	}
	since := time.Now()
	long := time.NewTimer(c.cost) // one alone may take longer than another costs
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

// wait counts what was waited, and lets the crew grow when that pays.
func (c *crew) wait(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waited += d
	if c.waited >= c.cost && c.size < cap(c.free) {
		c.waited, c.size = 0, c.size+1
		c.free <- struct{}{}
	}
}
