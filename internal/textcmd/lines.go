package textcmd

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/veil-proxy/veil/text"
	"github.com/veil-proxy/veil/text/markup"
)

// note is a line of the input.
type note struct {
	ID    json.RawMessage `json:"id"`
	Text  string          `json:"text"`
	Known *known          `json:"known"`
}

// findLines reads JSON Lines and writes the spans of each.
func findLines(out io.Writer, in io.Reader, s *markup.Scrubber, base *known) error {
	w := bufio.NewWriterSize(out, 64<<10)
	r := bufio.NewReaderSize(in, 1<<20)
	var line, answer []byte
	for n := 1; ; n++ {
		var err error
		if line, err = readLine(r, line[:0]); errors.Is(err, io.EOF) {
			return w.Flush()
		} else if err != nil {
			return err
		}
		if len(line) == 0 {
			continue
		}
		var in note
		if err := json.Unmarshal(line, &in); err != nil {
			return fmt.Errorf("line %d: expected a JSON object with id, text and known", n)
		}
		k, err := in.Known.orEmpty().build(base)
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		original := []byte(in.Text)
		s.Known = k
		spans, err := s.Find(original)
		if err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
		answer = appendAnswer(answer[:0], in.ID, original, spans)
		if _, err := w.Write(answer); err != nil {
			return err
		}
	}
}

func (k *known) orEmpty() *known {
	if k == nil {
		return &known{}
	}
	return k
}

// readLine reads a line of any length without its end.
func readLine(r *bufio.Reader, dst []byte) ([]byte, error) {
	for {
		part, err := r.ReadSlice('\n')
		dst = append(dst, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(dst) > 0, err == nil:
			for len(dst) > 0 && (dst[len(dst)-1] == '\n' || dst[len(dst)-1] == '\r') {
				dst = dst[:len(dst)-1]
			}
			return dst, nil
		default:
			return dst, err
		}
	}
}

// appendAnswer appends the line of a note, with offsets in code points.
func appendAnswer(dst []byte, id json.RawMessage, original []byte, spans []text.Span) []byte {
	if id == nil {
		id = json.RawMessage("null")
	}
	dst = append(dst, `{"id":`...)
	dst = append(dst, id...)
	dst = append(dst, `,"spans":[`...)
	bytes, points := 0, 0
	for i, s := range spans {
		if i > 0 {
			dst = append(dst, ',')
		}
		points += utf8.RuneCount(original[bytes:s.Start])
		dst = append(dst, `{"start":`...)
		dst = strconv.AppendInt(dst, int64(points), 10)
		points += utf8.RuneCount(original[s.Start:s.End])
		bytes = s.End
		dst = append(dst, `,"end":`...)
		dst = strconv.AppendInt(dst, int64(points), 10)
		dst = append(dst, `,"label":"`...)
		dst = append(dst, s.Label.String()...)
		dst = append(dst, `","rule":"`...)
		dst = append(dst, s.Rule...)
		dst = append(dst, `"}`...)
	}
	return append(dst, "]}\n"...)
}

// findText lists the spans of a plain text for people, or replaces them.
func (f *finding) findText(out io.Writer, in io.Reader, s *markup.Scrubber, base *known) error {
	original, err := io.ReadAll(in)
	if err != nil {
		return err
	}
	if s.Known, err = base.build(nil); err != nil {
		return err
	}
	if f.clean {
		replace := map[string]func(dst, src []byte) ([]byte, error){"text": s.AppendText, "html": s.AppendHTML, "rtf": s.AppendRTF}[f.markup]
		clean, err := replace(nil, original)
		if err != nil {
			return err
		}
		_, err = out.Write(clean)
		return err
	}
	spans, err := s.Find(original)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(out)
	at, line, start := 0, 1, 0
	for _, s := range spans {
		for ; at < s.Start; at++ {
			if original[at] == '\n' {
				line++
				start = at + 1
			}
		}
		fmt.Fprintf(w, "%d:%d\t%s\t%s\t%q\n", line, utf8.RuneCount(original[start:s.Start])+1, s.Label, s.Rule, original[s.Start:s.End])
	}
	return w.Flush()
}
