package formats

import (
	"github.com/veil-proxy/veil/document"
	"github.com/veil-proxy/veil/document/json"
	"github.com/veil-proxy/veil/document/xml"
	"github.com/veil-proxy/veil/fhir/fhirfile"
	"github.com/veil-proxy/veil/file"
)

// documents says which files contain documents. A FHIR resource is not one, unless
// --format or --document says so.
func (o *Options) documents(r Rules, format string) (document.Files, error) {
	rules, err := document.Compile(r.Compiled.Policy)
	return document.Files{
		Rules: rules, Document: o.document, Any: o.format == format, Inspect: o.Inspect, Names: o.names,
		Foreign: func(beginning []byte) bool {
			return o.document == "" && fhirfile.IsResource(r.Compiled, beginning)
		},
	}, err
}

func jsonFormats(o *Options, r Rules) ([]file.Format, error) {
	files, err := o.documents(r, "json")
	return []file.Format{json.NewFormat(files)}, err
}

func xmlFormats(o *Options, r Rules) ([]file.Format, error) {
	files, err := o.documents(r, "xml")
	return []file.Format{xml.NewFormat(files)}, err
}
