package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/fhir/schema"
)

// version names the build and what it knows.
func version() string {
	return fmt.Sprintf("veil %s, FHIR %s, %s %s/%s", moduleVersion(), schema.R4().Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// moduleVersion is the version that the build was made of.
func moduleVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version", Args: noArgs, Example: "  veil version",
		RunE: func(c *cobra.Command, _ []string) error {
			fmt.Fprintln(c.OutOrStdout(), version())
			return nil
		},
	}
}
