package fhirproxy

import (
	"os"
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
)

func TestMain(m *testing.M) { os.Exit(veiltest.Roomy{M: m}.Run()) }
