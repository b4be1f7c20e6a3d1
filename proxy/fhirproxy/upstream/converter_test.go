package upstream

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/veil-proxy/veil/fhir/schema"
)

// TestConverters: a converter is used again, by one at a time, and not after a panic.
func TestConverters(t *testing.T) {
	t.Parallel()
	u, err := New(Config{Base: "http://ehr/fhir", Schema: schema.R4(), Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	var first, second, third *Converter
	u.Convert(func(c *Converter) { first = c })
	u.Convert(func(c *Converter) { second = c })
	if first == nil || first != second {
		t.Error("a converter is not used again")
	}
	func() {
		defer func() { _ = recover() }()
		u.Convert(func(*Converter) { panic("in the middle") })
	}()
	u.Convert(func(c *Converter) { third = c })
	if third == nil || third == first {
		t.Error("what panicked is used again")
	}
	const text = `<Patient xmlns="http://hl7.org/fhir"><id value="p%d"/><active value="true"/></Patient>`
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for n := range 200 {
				src := fmt.Appendf(nil, text, n%5)
				u.Convert(func(c *Converter) {
					read, err := c.Reader.AppendJSON(nil, src)
					if err == nil {
						read, err = c.Writer.AppendXML(nil, read)
					}
					if err != nil || string(read) != string(src) {
						t.Errorf("%s, %v", read, err)
					}
				})
			}
		})
	}
	all.Wait()
}
