package pgdump

import "github.com/veil-proxy/veil/file"

// NewSmall returns the format for dumps whose statements and rows are short.
func NewSmall(c Config, most int) file.Format { return &format{Config: c, most: most} }
