package fhirproxy

import (
	"os"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
)

// Responses that wait for slow readers take more than a gigabyte.
func TestMain(m *testing.M) { os.Exit(veiltest.Roomy{M: m, Bytes: 3 << 30}.Run()) }
