package encoded

import "bytes"

// readNames reads names of files and tags, whose words are joined by marks or by capitals:
// John_Smith_2.pdf, #JohnSmith.
func readNames(v *View, text []byte) bool {
	at, found := 0, false
	marks := nameMarks{-1, -1, -1, -1}
	for i := marks.next(text, 0); i < len(text); i = marks.next(text, i+1) {
		from, to := runAround(text, i, at)
		if from < to && isJoined(text[from:to]) {
			v.keep(text, at, from)
			v.apart(text, from, to)
			at, found = to, true
		}
		i = max(i, to-1)
	}
	if found {
		v.keep(text, at, len(text))
		v.Sure = true
	}
	return found
}

// nameMarks has the next positions of the marks that occur in file names and tags.
type nameMarks [4]int

// next returns the next position of one of them, or the length of the text.
func (m *nameMarks) next(text []byte, i int) int {
	first := len(text)
	for n, c := range [len(m)]byte{'_', '#', '@', '.'} {
		if m[n] < i {
			at := next(text, i, c)
			for c == '.' && at < len(text) && (at+1 == len(text) || text[at+1] <= ' ' || at == 0 || text[at-1] < 'A') {
				at = next(text, at+1, c) // not the end of a sentence or a number
			}
			m[n] = at
		}
		first = min(first, m[n])
	}
	return first
}

// longestName is the number of bytes of a text without spaces that are examined as one
// name.
const longestName = 2048

// runAround returns the bytes around a position without spaces or tags between them.
func runAround(text []byte, i, least int) (from, to int) {
	from, to = i, i
	for from > least && i-from < longestName && text[from-1] > ' ' && text[from-1] != '>' {
		from--
	}
	for to < len(text) && to-i < longestName && text[to] > ' ' && text[to] != '<' {
		to++
	}
	return from, to
}

// isJoined reports whether a run is a file name or a tag.
func isJoined(run []byte) bool {
	if bytes.IndexByte(run, '@') > 0 || bytes.Contains(run, []byte("://")) {
		return false // a network address is found as it is
	}
	if run[0] == '#' || run[0] == '@' || hasFileEnding(run) {
		return true
	}
	for i := 1; i+1 < len(run); i++ {
		if run[i] == '_' && isWordByte(run[i-1]) && isWordByte(run[i+1]) {
			return true
		}
	}
	return false
}

// fileEndings has the extensions that identify a file name.
var fileEndings = func() map[string]bool {
	m := map[string]bool{}
	for _, e := range []string{"pdf", "jpg", "jpeg", "png", "gif", "tif", "tiff", "bmp", "heic", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "txt", "rtf",
		"odt", "dcm", "xml", "json", "csv", "tsv", "html", "htm", "zip", "gz", "mp3", "mp4", "m4a", "wav", "mov", "avi", "msg", "eml", "hl7", "edf", "vcf", "bam", "fastq", "svs"} {
		m[e] = true
	}
	return m
}()

// hasFileEnding reports whether a word is a file name.
func hasFileEnding(run []byte) bool {
	run = bytes.TrimRight(run, `.,;:!?)"'>]`)
	dot := bytes.LastIndexByte(run, '.')
	return dot > 0 && len(run)-dot <= 6 && fileEndings[string(bytes.ToLower(run[dot+1:]))]
}

// apart adds a name with spaces between its words.
func (v *View) apart(text []byte, from, to int) {
	at := from
	for i := from + 1; i < to; i++ {
		c, before := text[i], text[i-1]
		switch {
		case (c == '_' || c == '.' || c == '+') && i+1 < to && isWordByte(before) && isWordByte(text[i+1]):
			v.keep(text, at, i)
			v.put(i, i+1, ' ')
			at = i + 1
		case c >= 'A' && c <= 'Z' && before >= 'a' && before <= 'z':
			v.keep(text, at, i)
			v.put(i, i, ' ')
			at = i
		}
	}
	v.keep(text, at, to)
}

func isWordByte(c byte) bool { return isAlnum(c) || c >= 0x80 }
