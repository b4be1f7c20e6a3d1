// Package audit keeps the value-free, tamper-evident log of rule applications.
// It is a mask.Sink: a record is appended when it is on disk, and an exchange
// whose record is not must not be completed.
//
// # Format
//
// A log is a folder of segments, veil-<first sequence number>.jsonl, twenty
// digits. Each line is a JSON object and ends with a line feed. Its members come
// in a fixed order, and these three are in every line:
//
//	{"seq":17,"prev":"<64 hex>",…,"hash":"<64 hex>"}
//
// seq counts the lines of the log from 1 without a gap, across segments. hash is
// the SHA-256 of the line's bytes before `,"hash":"`. prev is the hash of the
// line before, across segments, and 64 zeros in the first line. The member
// "kind" is one of
//
//	header     the first line of each segment: format version
//	record     one exchange: who, what, which ruleset and key, what was applied
//	detail     one application of a rule; details stand before their record
//	recovered  bytes of a torn line were set aside when the log was opened
//	pruned     a whole segment is removed: number and hash of its last line
//
// A changed byte breaks the hash of its line, a removed, inserted or moved line
// breaks the chain of the next. Whoever can write the folder can write a whole
// new chain, or cut off its end: a checkpoint, signed with Ed25519 as a C2SP
// signed note (https://c2sp.org/tlog-checkpoint), ties the log to a key that is
// kept elsewhere. Its text is the log's name, the last sequence number and the
// last hash in base 64. Lines after the last checkpoint can still be cut off.
//
// # Retention
//
// Prune removes the oldest segments. Before it removes one, it verifies it, writes a line of
// kind pruned, and signs a checkpoint behind that line. So a log may begin with any segment
// that follows one whose removal a later line states; Verify takes no other beginning but
// line 1.
//
// # Followers
//
// A Follower reads the lines of a log while they are written. In the process that writes them
// it can take them from memory (Recent): a line is there when it is durable, its hash need not
// be checked, and its applications need not be read. The log waits for no follower.
//
// # Crashes
//
// Lines are written and synced in groups; Append returns when its group is on disk.
// Space for them is reserved ahead as zeros, up to a MiB, so a segment that is being
// written, or whose writer was killed, ends with zeros. They are no part of the log: all
// readers stop there, and Open and Close take them off.
//
// Lines that a crash left half written were never acknowledged, whichever parts of their
// group reached the disk: Open sets their bytes aside in a file with the ending .torn
// (.torn.2 and so on where there is one), cuts the segment, and says so in a line of kind
// recovered. Damage with more lines behind it than are ever written at once was no crash:
// Open refuses it. Checkpoints are replaced as a whole. Other files in the folder are left
// alone.
package audit
