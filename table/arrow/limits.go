package arrow

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/apache/arrow-go/v18/arrow/memory"
	flatbuffers "github.com/google/flatbuffers/go"
)

// Limits of what a file may claim. Memory is allocated only for what is really there.
const (
	maxMetadata = 64 << 20 // bytes of a message's metadata
	maxBody     = 2 << 30  // bytes of a message's body, or of a batch that is decompressed
	maxFields   = 100_000
	maxDepth    = 64        // of fields in fields
	maxPairs    = 1_000_000 // keys with values that describe fields and the schema
)

// header is the relevant part of a message's metadata.
type header struct {
	kind       byte
	body       int64
	compressed codec
	batch      flatbuffers.Table // of a batch or dictionary
}

// Kinds of messages and types, and the slots of tables in Arrow's flatbuffers.
const (
	kindSchema     = 1
	kindDictionary = 2
	kindBatch      = 3

	typeTimestamp = 10
	typeUnion     = 14

	slotHeaderType      = 6
	slotHeader          = 8
	slotBodyLength      = 10
	slotFields          = 6 // of a schema
	slotSchemaPairs     = 8
	slotName            = 4 // of a field
	slotTypeKind        = 8
	slotType            = 10
	slotChildren        = 14
	slotFieldPairs      = 16
	slotKey             = 4 // of a pair
	slotValue           = 6
	slotZone            = 6 // of a timestamp
	slotUnionIDs        = 6 // of a union
	slotDictionaryBatch = 6 // the batch of a dictionary
	slotBuffers         = 8 // of a batch
	slotCompression     = 10
	slotVariadic        = 12
	slotCodec           = 4 // of a compression
	slotFooterBatches   = 10
)

// readHeader reads the metadata of a message and checks it against the limits. It panics
// if the flatbuffer is invalid.
func readHeader(meta []byte) (h header, err error) {
	msg := root(meta)
	h.body = msg.GetInt64Slot(slotBodyLength, 0)
	switch {
	case h.body < 0:
		return h, errDamaged
	case h.body > maxBody:
		return h, fmt.Errorf("a message of the Arrow data has more than %d MiB: write it in smaller batches", maxBody>>20)
	}
	batch, ok := member(&msg, slotHeader)
	if !ok {
		return h, errDamaged
	}
	h.kind = msg.GetByteSlot(slotHeaderType, 0)
	switch h.kind {
	case kindSchema:
		return h, checkSchema(batch)
	case kindDictionary:
		if batch, ok = member(&batch, slotDictionaryBatch); !ok {
			return h, errDamaged
		}
	case kindBatch:
	default:
		return h, errors.New("the Arrow data has tensors: Veil masks tables only")
	}
	if c, ok := member(&batch, slotCompression); ok {
		h.compressed = lz4 + codec(c.GetByteSlot(slotCodec, 0))
	}
	h.batch = batch
	return h, checkBuffers(&batch)
}

// Limits of decompressed data: beyond freeGrowth bytes, mostGrowth times its compressed
// size in total; and for each buffer, the maximum ratio of its codec.
const (
	mostGrowth = 1100
	freeGrowth = 256 << 20
	slackBytes = 64 << 10
)

var codecGrowth = [...]int64{lz4: 256, zstd: 40_000}

// checkGrowth checks the stated sizes of decompressed buffers against the limits, before
// a reader allocates memory for them.
func checkGrowth(batch *flatbuffers.Table, c codec, body []byte) error {
	o := flatbuffers.UOffsetT(batch.Offset(slotBuffers))
	if o == 0 || int(c) >= len(codecGrowth) {
		return errDamaged
	}
	all, start := int64(0), batch.Vector(o)
	for i := range batch.VectorLen(o) {
		at := start + flatbuffers.UOffsetT(i)*16
		offset, length := batch.GetInt64(at), batch.GetInt64(at+8)
		if length == 0 {
			continue
		}
		packed := body[offset : offset+length]
		size := int64(binary.LittleEndian.Uint64(packed))
		if size == -1 { // it is not compressed
			size = length
		}
		if size < 0 || size > slackBytes+codecGrowth[c]*length {
			return errDamaged
		}
		all += size
	}
	if all > freeGrowth && all/mostGrowth > int64(len(body)) || all > maxBody {
		return fmt.Errorf("a batch of the Arrow data grows to more than %d times its size when it is decompressed", mostGrowth)
	}
	return nil
}

// checkBuffers checks the stated number of buffers of view columns against the real
// number, since a reader allocates memory for them.
func checkBuffers(batch *flatbuffers.Table) error {
	o := flatbuffers.UOffsetT(batch.Offset(slotVariadic))
	if o == 0 {
		return nil
	}
	left, start := int64(vectorLen(batch, slotBuffers)), batch.Vector(o)
	for i := range batch.VectorLen(o) {
		n := batch.GetInt64(start + flatbuffers.UOffsetT(i)*8)
		if left -= n; n < 0 || left < 0 {
			return errDamaged
		}
	}
	return nil
}

// vectorLen returns the number of elements in a member of a table.
func vectorLen(t *flatbuffers.Table, slot flatbuffers.VOffsetT) int {
	if o := flatbuffers.UOffsetT(t.Offset(slot)); o != 0 {
		return t.VectorLen(o)
	}
	return 0
}

// checkSchema checks a schema against the limits, before a reader follows it. A
// flatbuffer can refer to the same text or list from many places, and a reader copies it
// for each, so each reference counts.
func checkSchema(schema flatbuffers.Table) error {
	c := claims{fields: maxFields, pairs: maxPairs, bytes: maxMetadata}
	if err := c.takePairs(&schema, slotSchemaPairs); err != nil {
		return err
	}
	return c.takeFields(&schema, slotFields, 1)
}

// claims is how much a schema may still refer to.
type claims struct{ fields, pairs, bytes int }

func (c *claims) takeFields(t *flatbuffers.Table, slot flatbuffers.VOffsetT, depth int) error {
	o := flatbuffers.UOffsetT(t.Offset(slot))
	if o == 0 {
		return nil
	}
	if depth > maxDepth {
		return fmt.Errorf("the schema of the Arrow data nests fields more than %d levels deep", maxDepth)
	}
	start := t.Vector(o)
	for i := range t.VectorLen(o) {
		if c.fields--; c.fields < 0 {
			return fmt.Errorf("the schema of the Arrow data has more than %d fields", maxFields)
		}
		field := flatbuffers.Table{Bytes: t.Bytes, Pos: t.Indirect(start + flatbuffers.UOffsetT(i)*4)}
		err := c.takeField(&field)
		if err == nil {
			err = c.takeFields(&field, slotChildren, depth+1)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// takeField counts the contents of a field except its children.
func (c *claims) takeField(field *flatbuffers.Table) error {
	if err := errors.Join(c.takeBytes(field, slotName, 1), c.takePairs(field, slotFieldPairs)); err != nil {
		return err
	}
	typ, ok := member(field, slotType)
	if !ok {
		return nil
	}
	switch field.GetByteSlot(slotTypeKind, 0) {
	case typeTimestamp:
		return c.takeBytes(&typ, slotZone, 1)
	case typeUnion:
		return c.takeBytes(&typ, slotUnionIDs, 4)
	}
	return nil
}

// takePairs counts keys with their values.
func (c *claims) takePairs(t *flatbuffers.Table, slot flatbuffers.VOffsetT) error {
	o := flatbuffers.UOffsetT(t.Offset(slot))
	if o == 0 {
		return nil
	}
	start := t.Vector(o)
	for i := range t.VectorLen(o) {
		if c.pairs--; c.pairs < 0 {
			return fmt.Errorf("the schema of the Arrow data has more than %d entries of metadata", maxPairs)
		}
		pair := flatbuffers.Table{Bytes: t.Bytes, Pos: t.Indirect(start + flatbuffers.UOffsetT(i)*4)}
		if err := errors.Join(c.takeBytes(&pair, slotKey, 1), c.takeBytes(&pair, slotValue, 1)); err != nil {
			return err
		}
	}
	return nil
}

// takeBytes counts a text, or a list of elements of a size in bytes. It must lie within
// the flatbuffer.
func (c *claims) takeBytes(t *flatbuffers.Table, slot flatbuffers.VOffsetT, size int) error {
	o := flatbuffers.UOffsetT(t.Offset(slot))
	if o == 0 {
		return nil
	}
	n := size * t.VectorLen(o)
	if n > len(t.Bytes)-int(t.Vector(o)) {
		return errDamaged
	}
	if c.bytes -= n; c.bytes < 0 {
		return fmt.Errorf("the schema of the Arrow data has more than %d MiB of names and metadata", maxMetadata>>20)
	}
	return nil
}

// root returns the root table of a flatbuffer.
func root(b []byte) flatbuffers.Table {
	return flatbuffers.Table{Bytes: b, Pos: flatbuffers.GetUOffsetT(b)}
}

// member returns a member of a table that is itself a table.
func member(t *flatbuffers.Table, slot flatbuffers.VOffsetT) (flatbuffers.Table, bool) {
	o := flatbuffers.UOffsetT(t.Offset(slot))
	if o == 0 {
		return flatbuffers.Table{}, false
	}
	return flatbuffers.Table{Bytes: t.Bytes, Pos: t.Indirect(o + t.Pos)}, true
}

// bounded is an allocator with a limited number of bytes. Beyond it, it panics, like the
// allocators of package memory; readers turn that into an error.
type bounded struct {
	memory.Allocator
	left int
}

// Allocate implements memory.Allocator.
func (b *bounded) Allocate(size int) []byte {
	b.take(size)
	return b.Allocator.Allocate(size)
}

// Reallocate implements memory.Allocator.
func (b *bounded) Reallocate(size int, old []byte) []byte {
	b.take(size - len(old))
	return b.Allocator.Reallocate(size, old)
}

func (b *bounded) take(size int) {
	if size > b.left {
		panic("too large")
	}
	b.left -= max(size, 0)
}
