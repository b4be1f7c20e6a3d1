package table

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/mask/forms"
)

// Methods returns the methods that only apply to columns.
func Methods() []mask.Definition {
	removed := func(mask.Env, mask.Args) (mask.Method, error) { return removeAll{}, nil }
	return []mask.Definition{
		{Name: "hide", Kind: mask.ColumnMethod, Form: func(mask.Args) mask.Form { return forms.Hide{} }, Label: mask.LabelRedacted, Summary: "hides the column itself: neither its name nor its values exist", New: removed},
		{
			Name: "json", Kind: mask.ColumnMethod, Form: jsonForm, Label: mask.LabelRedacted, Summary: "masks a JSON or XML value by the rules for a document, or keeps listed members of a JSON object",
			Params: []mask.Param{
				{Name: "keep", Type: mask.ListParam, Doc: "paths of names, such as status or code.text"},
				{Name: "document", Type: mask.StringParam, Doc: "a name that the documents section has rules for"},
			},
			New: func(_ mask.Env, args mask.Args) (mask.Method, error) {
				if (args["keep"] == nil) == (args.String("document", "") == "") {
					return nil, errors.New(`expected either "keep" or "document"`)
				}
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

func jsonForm(args mask.Args) mask.Form {
	if name := args.String("document", ""); name != "" {
		return forms.Document{Name: name}
	}
	return forms.Members{Paths: args.List("keep")}
}

// removeAll represents methods that do not act on single values.
type removeAll struct{}

// Append implements mask.Method.
func (removeAll) Append(dst, _ []byte, _ *mask.Input) ([]byte, mask.Outcome, error) {
	return dst, mask.Removed, nil
}
