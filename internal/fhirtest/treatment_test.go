package fhirtest

import (
	"regexp"
	"testing"
)

func TestDevicesHaveUDIs(t *testing.T) {
	hrf := regexp.MustCompile(`^\(01\)(\d{14})\(11\)\d{6}\(17\)\d{6}\(10\)LOT[A-Z0-9]{7}\(21\)SN[A-Z0-9]{10}$`)
	devices := 0
	eachObject(t, Generate(1, 10), func(_ Resource, o map[string]any) {
		carrier, ok := o["carrierHRF"].(string)
		if !ok {
			return
		}
		devices++
		m := hrf.FindStringSubmatch(carrier)
		if m == nil || o["deviceIdentifier"] != m[1] {
			t.Fatal("a UDI is not of its form")
		}
		if gtin(m[1][:13]) != m[1][13] {
			t.Error("a device identifier has a wrong check digit")
		}
	})
	if devices != 5 {
		t.Errorf("%d devices, want 5", devices)
	}
}

func TestGTIN(t *testing.T) {
	if got := gtin("0061414100003"); got != '6' {
		t.Errorf("check digit is %c", got)
	}
}
