package file

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"slices"
	"strings"

	"github.com/veil-proxy/veil/mask/keys"
)

// hiddenExtensions are the extensions that a hidden name keeps: programs need them, and
// they say nothing about a person. They include all that formats are detected by.
var hiddenExtensions = []string{
	".json", ".ndjson", ".jsonl", ".xml", ".csv", ".tsv", ".tab", ".psv", ".parquet", ".arrow", ".feather", ".arrows", ".ipc",
	".sql", ".dump", ".txt", ".text", ".md", ".rst", ".html", ".htm", ".xhtml", ".rtf",
}

// hideNames gives all outputs names that reveal nothing: pseudonyms of the names of
// files, as in the audit log, below pseudonyms of the names of directories.
func (p *paths) hideNames() {
	for _, in := range p.inputs {
		if in.name == "-" {
			continue
		}
		for i, name := range in.outputs {
			in.outputs[i] = in.hidden(p.job.Keys, name)
		}
	}
}

func (in *input) hidden(k *keys.Keyring, name string) string {
	parts := strings.Split(filepath.ToSlash(name), "/")
	for i, dir := range parts[:len(parts)-1] {
		parts[i] = "dir-" + pseudonymOf(k, "directory", dir)
	}
	base := parts[len(parts)-1]
	_, bare := packingOf(base)
	packed := base[len(bare):]
	end := strings.ToLower(filepath.Ext(bare))
	if !slices.Contains(hiddenExtensions, end) {
		end = ""
	}
	parts[len(parts)-1] = in.pseudonym(k) + end + packed
	return filepath.FromSlash(strings.Join(parts, "/"))
}

func pseudonymOf(k *keys.Keyring, domain, name string) string {
	return hex.EncodeToString(keyed(k, domain, sha256.New(), []byte(name))[:8])
}
