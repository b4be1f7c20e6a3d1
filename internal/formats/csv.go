package formats

import (
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/veil-proxy/veil/file"
	"github.com/veil-proxy/veil/table"
	"github.com/veil-proxy/veil/table/csv"
)

// csvOptions say how delimited text is read. Empty ones are detected.
type csvOptions struct {
	delimiter, quote, escape, encoding string
	header, noHeader                   bool
	nulls                              []string
}

func (c *csvOptions) addFlags(fl *pflag.FlagSet) {
	fl.StringVar(&c.delimiter, "delimiter", "", "CSV: `CHARACTER` that separates fields, or the word tab (default: detected)")
	fl.StringVar(&c.quote, "quote", "", "CSV: `CHARACTER` that quotes fields, or the word none (default: detected)")
	fl.StringVar(&c.escape, "escape", "", "CSV: `CHARACTER` that escapes a quote in a field (default: the quote, doubled)")
	fl.BoolVar(&c.header, "header", false, "CSV: the first line contains column names")
	fl.BoolVar(&c.noHeader, "no-header", false, "CSV: the file has no column names; rules refer to column1, column2 …")
	fl.StringVar(&c.encoding, "encoding", "", "CSV: `ENCODING`: utf-8, utf-16le, utf-16be, windows-1252 or iso-8859-1 (default: detected)")
	fl.StringSliceVar(&c.nulls, "null", nil, "CSV: `TEXT` that means NULL, such as \\N (repeatable; default: an empty field)")
}

func csvFormats(o *Options, r Rules) ([]file.Format, error) {
	rules := table.NewRules(r.Compiled.Policy)
	config := csv.Config{
		Rules: rules, Options: r.options(), Table: o.tableOf(rules),
		Nulls: o.csv.nulls, Any: o.format == "csv", Inspect: o.Inspect, Guess: o.Guess,
	}
	if err := o.csv.dialect(&config); err != nil {
		return nil, err
	}
	return r.surveying(config.Options, func(o table.Options) (file.Format, error) {
		config.Options = o
		f, err := csv.New(config)
		if err != nil {
			return nil, fmt.Errorf("--encoding: %w", err)
		}
		return f, nil
	})
}

// AddCSVFlags adds only the flags that say how delimited text is read, for commands that
// detect everything else.
func (o *Options) AddCSVFlags(fl *pflag.FlagSet) { o.csv.addFlags(fl) }

// CSV returns how the flags say that delimited text is read. An error is a mistake in
// the flags.
func (o *Options) CSV() (csv.Config, error) {
	config := csv.Config{Nulls: o.csv.nulls, Guess: true}
	err := o.csv.dialect(&config)
	return config, err
}

// dialect applies the flags that describe the text.
func (c *csvOptions) dialect(config *csv.Config) (err error) {
	config.Encoding = c.encoding
	if config.Delimiter, err = character("--delimiter", c.delimiter); err != nil {
		return err
	}
	if c.quote != "" {
		config.Quoting = true
		if config.Quote, err = character("--quote", c.quote); err != nil {
			return err
		}
		config.Escape = config.Quote
	}
	if c.escape != "" {
		if c.quote == "" {
			return errors.New("--escape needs --quote")
		}
		if config.Escape, err = character("--escape", c.escape); err != nil {
			return err
		}
	}
	switch {
	case c.header && c.noHeader:
		return errors.New("--header and --no-header exclude each other")
	case c.header:
		config.Header = csv.HeaderPresent
	case c.noHeader:
		config.Header = csv.HeaderAbsent
	}
	return nil
}

// character reads a flag that is one ASCII character; 0 if it is empty or none.
func character(flag, s string) (byte, error) {
	switch {
	case s == "", s == "none":
		return 0, nil
	case s == "tab", s == `\t`:
		return '\t', nil
	case len(s) == 1 && s[0] < 0x80 && s[0] != '\n' && s[0] != '\r':
		return s[0], nil
	}
	return 0, fmt.Errorf("%s must be one ASCII character", flag)
}
