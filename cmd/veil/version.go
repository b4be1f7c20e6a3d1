package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/fhir/schema"
	"github.com/veil-proxy/veil/internal/cli"
)

// version names the build and what it knows.
func version() string {
	return fmt.Sprintf("veil %s, FHIR %s, %s %s/%s", moduleVersion(), schema.R4Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// moduleVersion is the version that the build was made of.
func moduleVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

func newVersion() *cobra.Command {
	var format cli.Format
	c := &cobra.Command{
		Use: "version", Short: "Print the version", Args: cli.NoArgs,
		Long: `Prints the version of Veil, the versions of FHIR that it knows, and the
version of Go and the platform that it was built for.`,
		Example: `  veil version
  veil version --json`,
		RunE: func(c *cobra.Command, _ []string) error {
			shown := shownVersion{moduleVersion(), []string{schema.R4Version}, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
			return format.Print(c.OutOrStdout(), shown, func(w io.Writer) error {
				_, err := fmt.Fprintln(w, version())
				return err
			})
		},
	}
	format.AddJSON(c)
	return c
}

// shownVersion is what veil version prints for programs.
type shownVersion struct {
	Version  string   `json:"version"`
	FHIR     []string `json:"fhir"`
	Go       string   `json:"go"`
	Platform string   `json:"platform"`
}
