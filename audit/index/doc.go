// Package index finds records of an audit log, and counts them by time, without reading the
// log from its beginning.
//
//	x := index.Open(index.Options{Log: "audit", Dir: "audit/index", Logger: logger})
//	defer x.Close()
//	page, err := x.Search(ctx, &index.Filter{Consumer: "ann", Outcome: "refused", Limit: 50})
//	series, err := x.Series(ctx, &index.SeriesQuery{Metric: index.Requests, From: from, To: to, Step: time.Hour})
//
// An index is never the source of what is shown. It has the places of records, not the
// records: these are read from the log, and their hashes are checked. The index can be
// removed at any time, and is then built again. If it is damaged, belongs to another log or
// has another version, it is rebuilt automatically, with a message. If it cannot be written,
// there is no index until it can. No exchange waits for it.
//
// # How it is built
//
// A goroutine follows the log. It gathers up to 16,384 records of one segment in memory: a
// block. When a block is full, or its segment has ended, it is written in one transaction
// and never changed. After a restart, the block that was in memory is read again from the
// log. So a database always has whole blocks, and an index that followed the log is the same
// as one built from it afterwards.
//
// If the same process writes the log, lines come from memory (audit.Recent), some hundred at
// a time, with the applications of rules as numbers, and are not read again. Lines that the
// index does not take in time are read from the file.
//
// For each value in a block, such as the consumer ann, there is a set of its records: a
// bitmap or a list of numbers. A path's set includes the records of the paths below it. A
// search intersects sets, block by block from the newest, which also gives the exact number
// of matching records. The ids of requests are kept as hashes in 256 buckets. What happened
// in a minute and in an hour is counted by block, consumer and view.
//
// When segments of the log are removed, their blocks are removed too.
package index
