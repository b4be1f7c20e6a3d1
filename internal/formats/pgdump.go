package formats

import (
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/table/pgdump"
)

func pgdumpFormats(o *Options, r Rules) ([]file.Format, error) {
	return r.surveying(r.options(), func(options table.Options) (file.Format, error) {
		return pgdump.New(pgdump.Config{
			Rules: table.NewRules(r.Compiled.Policy), Options: options,
			Any: o.format == "pgdump", Inspect: o.Inspect,
		}), nil
	})
}
