package formats

import (
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/table/arrow"
)

func arrowFormats(o *Options, r Rules) ([]file.Format, error) {
	rules := table.NewRules(r.Compiled.Policy)
	return r.surveying(r.options(), func(options table.Options) (file.Format, error) {
		return arrow.New(arrow.Config{
			Rules: rules, Options: options, Table: o.tableOf(rules),
			Any: o.format == "arrow", Inspect: o.Inspect,
		}), nil
	})
}
