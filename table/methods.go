package table

import (
	"fmt"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/forms"
)

// Methods are the methods that only columns can have.
func Methods() []mask.Definition {
	removed := func(mask.Env, mask.Args) (mask.Method, error) { return removeAll{}, nil }
	return []mask.Definition{
		{Name: "hide", Kind: mask.ColumnMethod, Form: func(mask.Args) mask.Form { return forms.Hide{} }, Label: mask.LabelRedacted, Summary: "takes the column itself away: neither its name nor its values are there", New: removed},
		{
			Name: "json", Kind: mask.ColumnMethod, Form: func(args mask.Args) mask.Form { return forms.Members{Paths: args.List("keep")} }, Label: mask.LabelRedacted, Summary: "keeps listed members of a JSON or JSONB object and takes out all others",
			Params: []mask.Param{{Name: "keep", Type: mask.ListParam, Required: true, Doc: "paths of names, such as status or code.text"}},
			New: func(_ mask.Env, args mask.Args) (mask.Method, error) {
				for _, path := range args.List("keep") {
					if slices.Contains(strings.Split(path, "."), "") {
						return nil, fmt.Errorf("keep: %q has an empty name", path)
					}
				}
				return removeAll{}, nil
			},
		},
		{Name: "fhir", Kind: mask.ColumnMethod, Form: func(mask.Args) mask.Form { return forms.Document{} }, Label: mask.LabelMasked, Summary: "masks a JSON, JSONB or XML value that is a FHIR resource by the FHIR rules", New: removed},
	}
}

// removeAll stands for methods that are not done value by value.
type removeAll struct{}

// Append implements mask.Method.
func (removeAll) Append(dst, _ []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	return dst, mask.Removed, nil
}
