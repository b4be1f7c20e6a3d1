package parquet_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	pq "github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

const marker = "MARKERORIGINALVALUE"

// secret is a row whose hidden column has markers.
type secret struct {
	Kept   string `parquet:"keptcolumn,dict"`
	Keyed  string `parquet:"keyed,dict"`
	Plain  string `parquet:"plain"`
	Number int64  `parquet:"number"`
	Hidden string `parquet:"hidden"`
}

const secretRules = `{id: a, match: {column: keptcolumn}, method: keep}, {id: b, match: [{column: keyed}, {column: plain}], method: pseudonym},
	{id: c, match: {column: number}, method: round, to: "1000"}`

func secretFile(t testing.TB, options ...pq.WriterOption) []byte {
	var rows []secret
	for i := range 300 {
		tail := string(rune('a' + i%26))
		rows = append(rows, secret{"value " + tail, marker + "K" + tail, marker + "P" + tail, int64(i), marker + "H" + tail})
	}
	return write(t, rows, append(options, pq.MaxRowsPerRowGroup(150), pq.KeyValueMetadata("note", marker), pq.Compression(&pq.Uncompressed))...)
}

// footer decodes the footer of a file, and returns what stands before it.
func footer(t testing.TB, b []byte) (*format.FileMetaData, []byte) {
	t.Helper()
	n := int(binary.LittleEndian.Uint32(b[len(b)-8:]))
	start := len(b) - 8 - n
	meta := &format.FileMetaData{}
	if err := thrift.Unmarshal(&thrift.CompactProtocol{}, b[start:len(b)-8], meta); err != nil {
		t.Fatal(err)
	}
	return meta, b[:start:start]
}

// withFooter returns a file with another footer.
func withFooter(t testing.TB, b []byte, change func(*format.FileMetaData)) []byte {
	t.Helper()
	meta, pages := footer(t, b)
	change(meta)
	f, err := thrift.Marshal(&thrift.CompactProtocol{}, meta)
	if err != nil {
		t.Fatal(err)
	}
	return sealed(pages, f)
}

// sealed puts pages and a footer together.
func sealed(pages, footer []byte) []byte {
	b := binary.LittleEndian.AppendUint32(append(bytes.Clone(pages), footer...), uint32(len(footer)))
	return append(b, "PAR1"...)
}

// TestDamagedFiles holds that a file that is cut off or contradicts itself is refused as a
// whole, with one clear error that has no value.
func TestDamagedFiles(t *testing.T) {
	t.Parallel()
	rules := parseRules(t, secretRules)
	in := secretFile(t)
	meta, pages := footer(t, in)
	chunk := func(m *format.FileMetaData, column int) *format.ColumnMetaData {
		return &m.RowGroups[0].Columns[column].MetaData
	}
	// header changes the header of the first page of a column.
	header := func(column int, change func(*format.PageHeader)) []byte {
		at := chunk(meta, column).DataPageOffset
		if d := chunk(meta, column).DictionaryPageOffset; d > 0 {
			at = d
		}
		var h format.PageHeader
		r := (&thrift.CompactProtocol{}).NewReaderFromBytes(pages[at:])
		if err := thrift.NewDecoder(r).Decode(&h); err != nil {
			t.Fatal(err)
		}
		old := r.BytesRead()
		change(&h)
		b, err := thrift.Marshal(&thrift.CompactProtocol{}, &h)
		if err != nil {
			t.Fatal(err)
		}
		out := append(bytes.Clone(pages[:at]), b...)
		out = append(out, pages[int(at)+old:]...)
		shift := int64(len(b) - old)
		return withFooter(t, sealed(out, in[len(pages):len(in)-8]), func(m *format.FileMetaData) {
			for g := range m.RowGroups {
				for k := range m.RowGroups[g].Columns {
					c := &m.RowGroups[g].Columns[k].MetaData
					if c == nil || c.DataPageOffset > at {
						c.DataPageOffset += shift
					}
					if c.DictionaryPageOffset > at {
						c.DictionaryPageOffset += shift
					}
				}
			}
			chunk(m, column).TotalCompressedSize += shift
		})
	}
	flipped := bytes.Clone(in)
	flipped[chunk(meta, 0).DictionaryPageOffset+40] ^= 0xff
	nested := bytes.Repeat([]byte{0x1c}, 5_000_000) // structures in structures
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty but for the magic": {[]byte("PAR1"), "too short"},
		"without an end":          {in[:len(in)-1], "does not end"},
		"half":                    {in[:len(in)/2], "does not end"},
		"encrypted":               {append(bytes.Clone(in[:len(in)-4]), "PARE"...), "encrypted"},
		"a footer longer than it": {append(append(bytes.Clone(in[:len(in)-8]), 0xff, 0xff, 0xff, 0x7f), "PAR1"...), "its length is more"},
		"a footer of zeros":       {sealed(pages, make([]byte, 100)), "the footer is damaged"},
		"a footer without end":    {sealed(pages, nested), "the footer is damaged"},
		"a list of two billion":   {sealed(pages, []byte{0x15, 2, 0x29, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07}), "the footer is damaged"},
		"an encrypted footer":     {withFooter(t, in, func(m *format.FileMetaData) { m.EncryptionAlgorithm.Value = &format.AesGcmV1{} }), "encrypted"},
		"an encrypted column": {withFooter(t, in, func(m *format.FileMetaData) {
			m.RowGroups[0].Columns[0].CryptoMetadata.Value = &format.EncryptionWithFooterKey{}
		}), "encrypted"},
		"data in another file":       {withFooter(t, in, func(m *format.FileMetaData) { m.RowGroups[0].Columns[0].FilePath = marker }), "in another file"},
		"no schema":                  {withFooter(t, in, func(m *format.FileMetaData) { m.Schema = []format.SchemaElement{} }), "the footer is damaged"},
		"more members than there":    {withFooter(t, in, func(m *format.FileMetaData) { m.Schema[0].NumChildren = thrift.New(int32(1 << 30)) }), "the footer is damaged"},
		"a column too few":           {withFooter(t, in, func(m *format.FileMetaData) { m.RowGroups[0].Columns = m.RowGroups[0].Columns[1:] }), "has 4 columns"},
		"other rows in all":          {withFooter(t, in, func(m *format.FileMetaData) { m.NumRows++ }), "number of rows"},
		"more rows than pages":       {withFooter(t, in, func(m *format.FileMetaData) { m.NumRows += 5; m.RowGroups[0].NumRows += 5 }), "fewer values than rows"},
		"fewer rows than pages":      {withFooter(t, in, func(m *format.FileMetaData) { m.NumRows -= 5; m.RowGroups[0].NumRows -= 5 }), "number of rows"},
		"fewer values than pages":    {withFooter(t, in, func(m *format.FileMetaData) { chunk(m, 0).NumValues--; m.NumRows--; m.RowGroups[0].NumRows-- }), "more values"},
		"more values than pages":     {withFooter(t, in, func(m *format.FileMetaData) { chunk(m, 0).NumValues += 9 }), "end before its values"},
		"a negative size":            {withFooter(t, in, func(m *format.FileMetaData) { chunk(m, 0).TotalCompressedSize = -1 }), "negative"},
		"pages behind the end":       {withFooter(t, in, func(m *format.FileMetaData) { chunk(m, 0).TotalCompressedSize = 1 << 62 }), "not in the file"},
		"pages at the beginning":     {withFooter(t, in, func(m *format.FileMetaData) { chunk(m, 0).DictionaryPageOffset, chunk(m, 0).DataPageOffset = 0, 0 }), "not in the file"},
		"pages of another column":    {withFooter(t, in, func(m *format.FileMetaData) { *chunk(m, 0) = *chunk(m, 4) }), "overlap"},
		"another type":               {withFooter(t, in, func(m *format.FileMetaData) { chunk(m, 0).Type = format.Int32 }), "its type is not"},
		"a logical type for another": {withFooter(t, in, func(m *format.FileMetaData) { m.Schema[4].LogicalType.Value = &format.StringType{} }), "does not fit"},
		"an unknown compression":     {withFooter(t, in, func(m *format.FileMetaData) { chunk(m, 0).Codec = format.LZO }), "compression LZO is not supported"},
		"another compression":        {withFooter(t, in, func(m *format.FileMetaData) { chunk(m, 0).Codec = format.Zstd }), "cannot be decompressed"},
		"a flipped byte":             {flipped, "checksum"},
		"a page of a gigabyte":       {header(2, func(h *format.PageHeader) { h.UncompressedPageSize = 1 << 30 }), "more than 256 MiB"},
		"a negative page":            {header(2, func(h *format.PageHeader) { h.CompressedPageSize = -5 }), "damaged"},
		"a page behind the column":   {header(2, func(h *format.PageHeader) { h.CompressedPageSize += 1000 }), "damaged"},
		"another size unpacked":      {header(2, func(h *format.PageHeader) { h.UncompressedPageSize++ }), "cannot be decompressed"},
		"a page of another kind":     {header(2, func(h *format.PageHeader) { h.Type = format.IndexPage }), "not supported"},
		"a wrong checksum":           {header(2, func(h *format.PageHeader) { h.CRC = 12345 }), "checksum"},
		"a dictionary of too many":   {header(0, func(h *format.PageHeader) { h.DictionaryPageHeader.V.NumValues = 1 << 30 }), "the page is damaged"},
		"a dictionary of too few":    {header(0, func(h *format.PageHeader) { h.DictionaryPageHeader.V.NumValues = 2 }), "dictionary has fewer values"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := maskFile(t, c.file, rules, 2)
			if out.bytes != nil || out.counts.Failed != 1 {
				t.Errorf("it is masked: %+v", out.counts)
			}
			if !strings.Contains(out.reports, c.want) || strings.Count(out.reports, "\n") != 1 || strings.Contains(out.reports, "MARKER") {
				t.Errorf("reported %q, want %q", out.reports, c.want)
			}
		})
	}
}

// TestTruncatedFiles holds that no file that is cut off, and then given its end again,
// shows a marker or ends the process.
func TestTruncatedFiles(t *testing.T) {
	t.Parallel()
	rules := parseRules(t, secretRules)
	in := secretFile(t)
	_, pages := footer(t, in)
	for cut := 1; cut < len(pages); cut += len(pages) / 40 {
		out := maskFile(t, append(bytes.Clone(in[:len(pages)-cut]), in[len(pages):]...), rules, 1)
		if bytes.Contains(out.bytes, []byte("MARKER")) || strings.Contains(out.reports, "MARKER") {
			t.Errorf("without %d bytes: a marker passed, %s", cut, out.reports)
		}
	}
}

// FuzzParquet holds that no damaged file shows a marker of a column that is not kept, and
// that none ends the process. Each four bytes of flips change one byte of a file.
func FuzzParquet(f *testing.F) {
	rules := parseRules(f, secretRules)
	files := [][]byte{
		secretFile(f, pq.DataPageVersion(1)), secretFile(f, pq.DataPageVersion(2)),
		secretFile(f, pq.BloomFilters(pq.SplitBlockFilter(10, "keyed"))),
	}
	for i, in := range files {
		_, pages := footer(f, in)
		end := uint32(len(pages))
		for _, at := range []uint32{4, 9, end / 2, end + 1, end + 30, uint32(len(in) - 8)} {
			f.Add(byte(i), binary.BigEndian.AppendUint32(nil, at<<8|0x81))
		}
	}
	f.Fuzz(func(t *testing.T, which byte, flips []byte) {
		in := bytes.Clone(files[int(which)%len(files)])
		for ; len(flips) >= 4; flips = flips[4:] {
			n := binary.BigEndian.Uint32(flips)
			in[int(n>>8)%len(in)] ^= byte(n)
		}
		out := maskFile(t, in, rules, 1)
		if bytes.Contains(out.bytes, []byte(marker)) || strings.Contains(out.reports, marker) {
			t.Errorf("a marker passed: %s", out.reports)
		}
	})
}
