package xml

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/documenttest"
	"github.com/veil-proxy/veil/mask"
)

// BenchmarkDocument masks a document of claims. XML/Tokens is encoding/xml on the same
// text.
func BenchmarkDocument(b *testing.B) {
	var text strings.Builder
	text.WriteString("<claims>\n")
	for i := range 2000 {
		fmt.Fprintf(&text, "<claim id=\"c%d\"><patient id=\"%d\"><name>Smith</name><birth>1970-02-%02d</birth></patient><status>paid</status><amount currency=\"USD\">%d.50</amount><note>Patient was seen with a cough.</note></claim>\n", i, i%1000, 1+i%28, i%900)
	}
	text.WriteString("</claims>\n")
	src := []byte(text.String())
	plan := documenttest.Plan(b, rules(
		"match: ['/claims/claim/@id', '/claims/claim/patient/@id'], method: seal, domain: Patient",
		"match: /claims/claim/patient/name, method: surrogate, kind: family, entity: '@id'",
		"match: /claims/claim/patient/birth, method: date, mode: year",
		"match: [/claims/claim/status, /claims/claim/amount, '/claims/claim/amount/@currency'], method: keep",
	))
	w := NewWalker(plan, mask.NewPass(plan.Actions))
	var dst []byte
	b.Run("Mask", func(b *testing.B) {
		b.SetBytes(int64(len(src)))
		b.ReportAllocs()
		for range b.N {
			var err error
			if dst, err = w.Append(dst[:0], src); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("XML/Tokens", func(b *testing.B) {
		b.SetBytes(int64(len(src)))
		for range b.N {
			d := xml.NewDecoder(strings.NewReader(text.String()))
			for {
				if _, err := d.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
