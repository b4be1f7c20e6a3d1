// Package index finds records of an audit log, and counts them by time, without reading the
// log from its beginning.
//
//	x := index.Open(index.Options{Log: "audit", Dir: "audit/index", Logger: logger})
//	defer x.Close()
//	page, err := x.Search(ctx, &index.Filter{Consumer: "ann", Outcome: "refused", Limit: 50})
//	series, err := x.Series(ctx, &index.SeriesQuery{Metric: index.Requests, From: from, To: to, Step: time.Hour})
//
// An index is never the source of anything. It has places of records, not the records: what
// is shown is read from the log, and its hash is checked. It can be removed at any time, and
// is built again. If it is damaged, belongs to another log or is of another version, it is
// built again by itself, with a message; if it cannot be written, there is none until it can.
// No exchange waits for it.
//
// # How it is built
//
// A goroutine follows the log. It gathers up to 16,384 records of one segment in memory: a
// block. A block that is full, or whose segment has ended, is written in one transaction and
// never changed; the one in memory is read again from the log after a restart. So a database
// always has whole blocks, and an index that followed the log is the same as one that was
// built from it.
//
// Beside the log that the same process writes, lines come from memory (audit.Recent) some
// hundred at a time, with the applications of rules as numbers, and are not read again. What
// the index does not take in time it reads in the file.
//
// For each value in a block, such as the consumer ann, there is a set of its records: a
// bitmap or a list of numbers. Values of paths stand for those below them too. A search
// intersects sets, block by block from the newest, which also gives the exact number of
// records that match. The ids of requests are kept as hashes in 256 buckets. What happened in
// a minute and in an hour is counted by block, consumer and view.
//
// When segments of the log are removed, their blocks are removed too.
package index
