// Package audit keeps the value-free, tamper-evident log of rule applications. It
// implements mask.Sink: a record is appended once it is on disk, and an exchange whose
// record is not on disk must not be completed.
//
// # Format
//
// A log is a folder of segments named veil-<first sequence number>.jsonl, with twenty
// digits. Each line is a JSON object and ends with a line feed. Its members have a
// fixed order, and every line has these three:
//
//	{"seq":17,"prev":"<64 hex>",…,"hash":"<64 hex>"}
//
// seq counts the lines of the log from 1 without gaps, across segments. hash is the
// SHA-256 of the line's bytes before `,"hash":"`. prev is the hash of the previous
// line, across segments, and 64 zeros in the first line. The member "kind" is one of
//
//	header     the first line of each segment: format version
//	record     one exchange: who, what, which ruleset and key, what was applied
//	detail     one application of a rule; details stand before their record
//	recovered  bytes of a torn line were set aside when the log was opened
//	pruned     a whole segment is removed: number and hash of its last line
//
// A changed byte breaks the hash of its line. A removed, inserted or moved line breaks
// the chain at the next line. Anyone who can write to the folder can write a whole new
// chain, or cut off its end. A checkpoint, signed with Ed25519 as a C2SP signed note
// (https://c2sp.org/tlog-checkpoint), ties the log to a key that is kept elsewhere. Its
// text is the log's name, the last sequence number and the last hash in base64. Lines
// after the last checkpoint can still be cut off.
//
// # Retention
//
// Prune removes the oldest segments. Before it removes one, it verifies it, writes a line of
// kind pruned, and signs a checkpoint after that line. So a log may begin with any segment
// that follows one whose removal a later line records. Verify accepts no other beginning
// except line 1.
//
// # Followers
//
// A Follower reads the lines of a log while they are written. In the process that writes them,
// it can take them from memory (Recent): a line is there once it is durable, its hash need not
// be checked, and its applications need not be parsed. The log never waits for a follower.
//
// # Crashes
//
// Lines are written and synced in groups; Append returns when its group is on disk.
// Space for them is reserved ahead as zeros, up to a MiB, so a segment that is being
// written, or whose writer was killed, ends with zeros. They are not part of the log:
// all readers stop there, and Open and Close remove them.
//
// Lines that a crash left half written were never acknowledged, whichever parts of their
// group reached the disk: Open sets their bytes aside in a file with the ending .torn (or
// .torn.2 and so on), truncates the segment, and records this in a line of kind recovered.
// Damage followed by more lines than are ever written at once is not from a crash: Open
// refuses it. Checkpoints are replaced as a whole. Other files in the folder are left
// alone.
package audit
