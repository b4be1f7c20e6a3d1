package analysis

import "runtime"

// parsers has a place for each parser that may be at work. go-pgquery makes another one
// whenever all are, for more than a second of a processor and some megabytes that stay,
// and one runs to its end on a processor of its own: more than there are processors would
// gain nothing.
var parsers = make(chan struct{}, runtime.GOMAXPROCS(0))

// withParser calls a function of go-pgquery when a parser is free.
func withParser[In, Out any](f func(In) (Out, error), in In) (Out, error) {
	parsers <- struct{}{}
	defer func() { <-parsers }()
	return f(in)
}
