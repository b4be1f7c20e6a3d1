package file

import (
	"bytes"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// foreign is a format that Veil recognizes but does not mask.
type foreign struct {
	begins []byte         // nil: see like
	at     int            // where begins stands
	like   *regexp.Regexp // what the beginning of a file matches
	what   string
	hint   string
}

// What to do with a file of another format.
const (
	toFHIR    = "convert it to FHIR first"
	toTables  = "export its tables as CSV or Parquet"
	toParquet = "convert it to Parquet"
)

var foreigners = []foreign{
	{like: regexp.MustCompile(`^\s*\x0b?(MSH|FHS|BHS)[^A-Za-z0-9\s]`), what: "an HL7 v2 message", hint: toFHIR},
	{like: regexp.MustCompile(`^(\x{feff})?\s*(<\?xml[^>]*>\s*)?(<\?[^>]*>\s*|<!--[^>]*-->\s*)*<([A-Za-z]+:)?ClinicalDocument[\s>]`), what: "a C-CDA document", hint: toFHIR},
	{begins: []byte("PK\x03\x04"), what: "a ZIP archive or an Office document", hint: "unpack it, or export its sheets as CSV"},
	{begins: []byte("%PDF-"), what: "a PDF document"},
	{at: 128, begins: []byte("DICM"), what: "a DICOM file"},
	{begins: []byte("PGDMP"), what: "a pg_dump archive", hint: "make a plain-text dump of it: pg_restore -f - FILE | veil mask --format pgdump"},
	{begins: []byte("SQLite format 3\x00"), what: "a SQLite database", hint: toTables},
	{at: 8, begins: []byte("DUCK"), what: "a DuckDB database", hint: toTables},
	{begins: []byte("\x00\x01\x00\x00Standard "), what: "an Access database", hint: toTables},
	{at: 12, begins: []byte("\xc2\xea\x81\x60"), what: "a SAS data set", hint: toTables},
	{begins: []byte("<stata_dta>"), what: "a Stata data set", hint: toTables},
	{begins: []byte("$FL"), what: "an SPSS data set", hint: toTables},
	{begins: []byte("ORC"), what: "an ORC file", hint: toParquet},
	{begins: []byte("Obj\x01"), what: "an Avro file", hint: toParquet},
	{begins: []byte("\x89HDF\r\n\x1a\n"), what: "an HDF5 file", hint: toTables},
	{begins: []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), what: "an older Office document", hint: "export its sheets as CSV"},
	{at: 257, begins: []byte("ustar"), what: "a tar archive", hint: "unpack it, and mask the directory"},
	{begins: []byte("7z\xbc\xaf\x27\x1c"), what: "a 7-Zip archive", hint: "unpack it, and mask the directory"},
	{begins: []byte("BZh"), what: "a file compressed with bzip2", hint: "unpack it, or compress it with gzip or zstd"},
	{like: regexp.MustCompile(`^(\x{feff})?\s*BEGIN:VCARD`), what: "a vCard"},
	{like: regexp.MustCompile(`^(\x{feff})?##fileformat=VCF`), what: "a VCF file of variants"},
	{begins: []byte("\x89PNG"), what: "a picture"},
	{begins: []byte("\xff\xd8\xff"), what: "a picture"},
	{begins: []byte("GIF8"), what: "a picture"},
	{begins: []byte("II*\x00"), what: "a picture"},
	{begins: []byte("MM\x00*"), what: "a picture"},
}

// recognise returns the problem of a file of a format that Veil does not mask, by its
// beginning.
func recognise(display string, beginning []byte) (Problem, bool) {
	for _, f := range foreigners {
		if f.begins != nil && bytes.HasPrefix(beginning[min(f.at, len(beginning)):], f.begins) || f.like != nil && f.like.Match(beginning) {
			return Problem{File: display, What: "the file is " + f.what + ", which Veil does not mask", Hint: f.hint}, true
		}
	}
	return Problem{}, false
}

// textExtensions are the extensions of files with text for people.
var textExtensions = []string{"", ".txt", ".text", ".md", ".log", ".rst"}

// unknown returns the problem of an input that no format accepts.
func (r *run) unknown(in *input, beginning []byte) Problem {
	display := in.display
	if len(r.Formats) == 1 {
		return Problem{File: display, What: "the file is not in " + r.Formats[0].Info().Name + " format"}
	}
	if IsUTF16(beginning) {
		return Problem{File: display, What: "the file is UTF-16", Hint: "convert it to UTF-8 first; only CSV may be UTF-16"}
	}
	if isArray(beginning) && bytes.Contains(beginning, []byte(`"resourceType"`)) {
		return Problem{File: display, What: "the file is an array, and FHIR has resources and Bundles", Hint: "write one resource per line: jq -c '.[]' FILE"}
	}
	if isArray(beginning) {
		return Problem{File: display, What: "the file is JSON but not FHIR, and no rule covers it", Hint: "write rules for it in the documents section of the ruleset, or use --document"}
	}
	if in.name == "-" && isText(beginning) {
		return Problem{File: display, What: "the format is not known, because standard input has no name", Hint: "for rows of a table, use --format csv, and --table with the name of the table; for plain text, use a ruleset that scrubs it, such as safe-harbor-text"}
	}
	if slices.Contains(textExtensions, strings.ToLower(filepath.Ext(in.base))) && isText(beginning) {
		return Problem{File: display, What: "the file is plain text, and the ruleset does not say what to do with it", Hint: "use a ruleset that scrubs text, such as safe-harbor-text, or leave the file out; for text that has a format, use --format"}
	}
	return Problem{File: display, What: "the format of the file is not known", Hint: "convert it to a format that veil mask --help lists, or say with --format which of them it has"}
}

// IsUTF16 reports whether a file begins with the byte order mark of UTF-16.
func IsUTF16(beginning []byte) bool {
	return bytes.HasPrefix(beginning, []byte("\xff\xfe")) || bytes.HasPrefix(beginning, []byte("\xfe\xff"))
}

// isArray reports whether a file begins as an array of JSON. No resource of FHIR is one.
func isArray(beginning []byte) bool {
	text := bytes.TrimLeft(bytes.TrimPrefix(beginning, []byte("\ufeff")), " \t\r\n")
	return bytes.HasPrefix(text, []byte("["))
}

// isText reports whether the beginning of a file is text in UTF-8, without control
// characters.
func isText(beginning []byte) bool {
	if len(beginning) > utf8.UTFMax { // the last character may be cut off
		for k := 1; k <= utf8.UTFMax; k++ {
			if utf8.RuneStart(beginning[len(beginning)-k]) {
				beginning = beginning[:len(beginning)-k]
				break
			}
		}
	}
	return utf8.Valid(beginning) && !bytes.ContainsFunc(beginning, func(r rune) bool { return r < ' ' && !strings.ContainsRune("\t\n\r\f", r) })
}
