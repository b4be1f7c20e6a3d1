package values

import "strings"

// document adds what a value is as data with a structure: JSON, XML, HL7, images, bytes,
// file names.
func (v *value) document(k *kinds) {
	s := v.text
	if len(s) < 3 {
		return
	}
	switch {
	case s[0] == '{' || s[0] == '[' && strings.HasSuffix(s, "]") && strings.ContainsAny(s, `"{`):
		k.add(JSON)
		if strings.Contains(s[:min(len(s), 400)], `"resourceType"`) {
			k.add(FHIR)
		}
	case s[0] == '<' && strings.HasSuffix(s, ">"):
		k.add(XML)
		if strings.Contains(s[:min(len(s), 300)], "http://hl7.org/fhir") {
			k.add(FHIR)
		}
	case strings.HasPrefix(s, "MSH|"):
		k.add(HL7)
	case strings.HasPrefix(s, "data:image/"), strings.HasPrefix(s, "/9j/"), strings.HasPrefix(s, "iVBORw0K"), strings.HasPrefix(s, "R0lGOD"),
		strings.HasPrefix(s, `\x89504e47`), strings.HasPrefix(s, `\xffd8ff`), strings.HasPrefix(s, `\x47494638`), strings.HasPrefix(s, "\x89PNG"):
		k.add(ImageData)
	case strings.HasPrefix(s, `\x25504446`), strings.HasPrefix(s, "%PDF"), strings.HasPrefix(s, "JVBERi"), strings.HasPrefix(s, `\x504b0304`),
		strings.HasPrefix(s, `\x4449434d`), strings.HasPrefix(s, `{\rtf`):
		k.add(DocumentData)
	}
	if strings.HasPrefix(s, `\x`) {
		k.add(Bytes)
	}
	if path(v) {
		k.add(Path)
	}
}

// path reports whether a value is a file name with an extension, or a path.
func path(v *value) bool {
	if v.spaces > 2 || v.sum > 400 || v.sum < 4 || v.letters < 2 {
		return false
	}
	s := v.folded
	dot := strings.LastIndexByte(s, '.')
	if dot > 0 && len(s)-dot >= 3 && len(s)-dot <= 5 && countDigits(s[dot+1:]) <= 1 && strings.IndexByte(s, '@') < 0 {
		switch s[dot+1:] {
		case "txt", "csv", "hl7", "pdf", "doc", "docx", "xls", "xlsx", "xml", "json", "jpg", "jpeg", "png", "gif", "tif", "tiff", "bmp", "dcm", "zip", "gz", "log", "dat", "edi", "html", "htm", "rtf", "sql", "tsv", "ndjson", "svg", "mp3", "mp4", "wav":
			return !isURL(v)
		}
	}
	return v.spaces == 0 && strings.Count(s, "/") > 1 && s[0] == '/' || strings.Count(s, `\`) > 2
}
