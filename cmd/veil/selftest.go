package main

import (
	"github.com/spf13/cobra"

	"github.com/veil-proxy/veil/internal/config"
	"github.com/veil-proxy/veil/internal/selftestcmd"
)

func newSelftest(a *app) *cobra.Command {
	return selftestcmd.New(version(), func(file string) *config.Source {
		return &config.Source{File: file, Env: a.env, Rules: a.rules, Recognizer: a.recognizer}
	})
}
