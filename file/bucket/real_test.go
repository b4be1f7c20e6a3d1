package bucket_test

import (
	"encoding/base64"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob"

	"github.com/veil-proxy/veil/file/bucket"
	"github.com/veil-proxy/veil/internal/veiltest"
)

// serve starts a server of a test, and waits until it listens.
func serve(t *testing.T, address, program string, args ...string) {
	t.Helper()
	c := exec.Command(program, args...)
	c.Dir = t.TempDir()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		_ = c.Wait() // killed
	})
	veiltest.Until(t, program+" listens", func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
}

// TestRealS3 runs jobs against a server of the S3 protocol: moto, from PyPI.
func TestRealS3(t *testing.T) {
	if os.Getenv("VEIL_TEST_ALL") == "" {
		t.Skip("set VEIL_TEST_ALL=1 to run moto")
	}
	python := veiltest.Python(t, "testdata/requirements.txt")
	address := veiltest.FreeAddress(t)
	host, port, _ := net.SplitHostPort(address)
	serve(t, address, filepath.Join(filepath.Dir(python), "moto_server"), "-H", host, "-p", port)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIAPLANTED")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "PLANTEDSECRET")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+address+"/data", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatal(answer, err)
	}
	_ = answer.Body.Close() // empty
	params := "?region=us-east-1&use_path_style=true&endpoint=http://" + address
	storeTest(t, "s3://data", params)
	// What goes wrong names no key.
	for name, url := range map[string]string{
		"no bucket": "s3://none/in/a.csv" + params, "no server": "s3://data/in/a.csv?region=us-east-1&use_path_style=true&endpoint=http://" + veiltest.FreeAddress(t),
	} {
		mistake(t, name, url)
	}
}

// mistake runs a job whose input cannot be read.
func mistake(t *testing.T, name, url string) {
	t.Helper()
	s := bucket.New()
	j, _ := newJob(t, s, t.TempDir(), url)
	_, err := j.Run(t.Context())
	if err == nil || strings.Contains(err.Error(), "PLANTED") || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "?") {
		t.Errorf("%s: %v", name, err)
	}
	t.Logf("%s: %v", name, err)
}

// TestRealAzure runs jobs against Azurite, from npm.
func TestRealAzure(t *testing.T) {
	if os.Getenv("VEIL_TEST_ALL") == "" {
		t.Skip("set VEIL_TEST_ALL=1 to run Azurite")
	}
	dir := t.TempDir()
	if out, err := veiltest.Command(t, veiltest.Installs, "npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", dir, "azurite@3.37.0").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	key := base64.StdEncoding.EncodeToString([]byte("PLANTEDKEY of 32 bytes, at least"))
	t.Setenv("AZURE_STORAGE_ACCOUNT", "clinic")
	t.Setenv("AZURE_STORAGE_KEY", key)
	t.Setenv("AZURITE_ACCOUNTS", "clinic:"+key)
	address := veiltest.FreeAddress(t)
	host, port, _ := net.SplitHostPort(address)
	serve(t, address, filepath.Join(dir, "node_modules", ".bin", "azurite-blob"), "--blobHost", host, "--blobPort", port, "--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent")
	params := "?localemu=true&protocol=http&domain=" + address
	account, err := azblob.NewSharedKeyCredential("clinic", key)
	if err != nil {
		t.Fatal(err)
	}
	client, err := azblob.NewClientWithSharedKeyCredential("http://"+address+"/clinic", account, nil)
	if err == nil {
		_, err = client.CreateContainer(t.Context(), "data", nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	storeTest(t, "azblob://data", params)
	mistake(t, "no container", "azblob://none/in/a.csv"+params)
}
