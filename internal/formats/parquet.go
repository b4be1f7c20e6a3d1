package formats

import (
	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/table/parquet"
)

func parquetFormats(o *Options, r Rules) ([]file.Format, error) {
	rules := table.NewRules(r.Compiled.Policy)
	return []file.Format{parquet.New(parquet.Config{
		Rules: rules, Options: r.options(), Table: o.tableOf(rules),
		Any: o.format == "parquet", Inspect: o.Inspect,
	})}, nil
}
