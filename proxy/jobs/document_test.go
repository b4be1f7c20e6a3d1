package jobs

import "testing"

// TestDocument: the document can be read.
func TestDocument(t *testing.T) {
	t.Parallel()
	d, err := parseDocument(openapi)
	if err != nil {
		t.Fatal(err)
	}
	if len(d.orders) != 3 || len(d.parameters) < 8 {
		t.Errorf("%+v", d)
	}
}
