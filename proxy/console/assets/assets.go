// Package assets has the files that the console's pages load: styles, scripts, pictures.
// They are in the binary, and are served compressed, under names that change with their
// content, so that a browser keeps them.
//
// Files in static are served as they are written there. Those in vendor are not ours:
// they are copied from npm packages by "npm ci && npm run vendor", and a test compares
// them with these.
package assets

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

//go:embed static vendored
var files embed.FS

// asset is a file in the form in which it is served.
type asset struct {
	address       string // below the handler's
	kind          string
	plain, zipped []byte
}

// load returns the assets by name and by address. It runs at first use, so that commands
// without a console need not wait for the compression.
var load = sync.OnceValues(func() (byName, byAddress map[string]*asset) {
	byName, byAddress = map[string]*asset{}, map[string]*asset{}
	err := fs.WalkDir(files, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := files.ReadFile(file)
		if err != nil {
			return err
		}
		name := path.Base(file)
		if byName[name] != nil {
			return fmt.Errorf("two assets are named %s", name)
		}
		sum := sha256.Sum256(text)
		ext := path.Ext(name)
		a := &asset{address: strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:8]) + ext, kind: mime.TypeByExtension(ext), plain: text}
		var b bytes.Buffer
		z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
		if err != nil {
			return err
		}
		if _, err := z.Write(text); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		a.zipped = b.Bytes()
		byName[name], byAddress[a.address] = a, a
		return nil
	})
	if err != nil {
		panic(err) // the files are in the binary
	}
	return byName, byAddress
})

// Address returns the URL path of an asset, such as
// "/console/assets/console.0123456789abcdef.css" for "console.css".
func Address(name string) (string, error) {
	all, _ := load()
	a := all[name]
	if a == nil {
		return "", fmt.Errorf("there is no asset %s", name)
	}
	return "/console/assets/" + a.address, nil
}

// Handler serves the assets.
func Handler() http.Handler {
	_, served := load()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a := served[r.URL.Path]
		if a == nil {
			http.NotFound(w, r)
			return
		}
		h := w.Header()
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
		h.Set("Content-Type", a.kind)
		h.Set("Vary", "Accept-Encoding")
		body := a.plain
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			h.Set("Content-Encoding", "gzip")
			body = a.zipped
		}
		h.Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body) // the browser has disconnected
	})
}
