package parquet_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	flatbuffers "github.com/google/flatbuffers/go"
	pq "github.com/parquet-go/parquet-go"
)

// TestMaskedDictionariesAreSorted holds that the entries of a masked dictionary stand in
// their own order, each once: the order of the originals would tell of them.
func TestMaskedDictionariesAreSorted(t *testing.T) {
	t.Parallel()
	in := write(t, patients(500))
	for _, method := range []string{"pseudonym", "substring, length: 4", "substring, from: 5, length: 1"} {
		out := maskFile(t, in, parseRules(t, `{id: a, match: {column: code}, method: `+method+`}`), 1)
		f, err := pq.OpenFile(bytes.NewReader(out.bytes), int64(len(out.bytes)))
		if err != nil {
			t.Fatal(err)
		}
		pages := f.RowGroups()[0].ColumnChunks()[0].Pages()
		page, err := pages.ReadPage()
		if err != nil {
			t.Fatal(err)
		}
		dict := page.Dictionary()
		var entries []string
		for i := range dict.Len() {
			entries = append(entries, string(dict.Index(int32(i)).ByteArray()))
		}
		if len(entries) == 0 || !slices.IsSorted(entries) || len(slices.Compact(slices.Clone(entries))) != len(entries) {
			t.Errorf("%s: %q", method, entries)
		}
		if err := pages.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// endlessSchema returns an Arrow schema of a few hundred bytes whose fields have the same
// two fields below them, level by level: 2^60 in all.
func endlessSchema() string {
	b := flatbuffers.NewBuilder(1024)
	vector := func(fields ...flatbuffers.UOffsetT) flatbuffers.UOffsetT {
		b.StartVector(4, len(fields), 4)
		for _, f := range fields {
			b.PrependUOffsetT(f)
		}
		return b.EndVector(len(fields))
	}
	name := b.CreateString("f")
	children := vector()
	var field flatbuffers.UOffsetT
	for range 60 {
		b.StartObject(0)
		typ := b.EndObject()
		b.StartObject(7)
		b.PrependUOffsetTSlot(0, name, 0)
		b.PrependByteSlot(2, 13, 0) // a structure
		b.PrependUOffsetTSlot(3, typ, 0)
		b.PrependUOffsetTSlot(5, children, 0)
		field = b.EndObject()
		children = vector(field, field)
	}
	fields := vector(field)
	b.StartObject(4)
	b.PrependUOffsetTSlot(1, fields, 0)
	schema := b.EndObject()
	b.StartObject(4)
	b.PrependInt16Slot(0, 4, 0)
	b.PrependByteSlot(1, 1, 0) // a schema
	b.PrependUOffsetTSlot(2, schema, 0)
	b.Finish(b.EndObject())
	message := b.FinishedBytes()
	head := binary.LittleEndian.AppendUint32([]byte{0xff, 0xff, 0xff, 0xff}, uint32(len(message)))
	return base64.StdEncoding.EncodeToString(append(head, message...))
}

// TestEndlessArrowSchema holds that a schema with endless fields is left out, not read.
func TestEndlessArrowSchema(t *testing.T) {
	t.Parallel()
	for name, value := range map[string]string{
		"endless": endlessSchema(), "no base64": "%%", "empty": "", "short": "AAAA", "zeros": base64.StdEncoding.EncodeToString(make([]byte, 200)),
	} {
		out := maskFile(t, write(t, patients(5), pq.KeyValueMetadata("ARROW:schema", value)), parseRules(t, keepAll), 1)
		if out.bytes == nil || bytes.Contains(out.bytes, []byte("ARROW:schema")) || !strings.Contains(out.reports, "left out 1 ×") {
			t.Errorf("%s: %s", name, out.reports)
		}
	}
}
