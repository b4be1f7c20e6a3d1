package fhir_test

import (
	"testing"

	"github.com/veil-proxy/veil/internal/veiltest"
)

func TestMain(m *testing.M) { veiltest.Main(m) }
