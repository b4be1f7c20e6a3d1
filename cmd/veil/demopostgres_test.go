package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/veil-proxy/veil/internal/demo"
)

// TestDemoJoinsBothViews: the demo's tables have the patients of its FHIR server,
// and one pseudonym names a patient in both views.
func TestDemoJoinsBothViews(t *testing.T) {
	if _, err := demo.Programs(); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	b := start(t, "demo", "--patients", "40", "--listen", "127.0.0.1:0", "--source-listen", "127.0.0.1:0", "--postgres-listen", "127.0.0.1:0")
	defer b.stop(t)
	b.until(t, "Ctrl-C")
	out := b.out.String()
	urls := regexp.MustCompile(`psql '([^']*)'`).FindAllStringSubmatch(out, -1)
	masked := regexp.MustCompile(`curl -s '(\S+/Patient/(\S+))\?`).FindAllStringSubmatch(out, -1)
	if len(urls) != 4 || len(masked) != 2 {
		t.Fatalf("the demo printed\n%s", out)
	}
	connect := func(url string) *pgx.Conn {
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	source, veiled := connect(urls[0][1]), connect(urls[1][1])
	defer source.Close(t.Context())
	defer veiled.Close(t.Context())
	var family, maskedFamily, resource string
	if err := source.QueryRow(t.Context(), "SELECT family FROM patients WHERE id = $1", masked[0][2]).Scan(&family); err != nil {
		t.Fatal(err)
	}
	pseudonym := masked[1][2]
	if err := veiled.QueryRow(t.Context(), "SELECT family, resource FROM patients WHERE id = $1", pseudonym).Scan(&maskedFamily, &resource); err != nil {
		t.Fatal(err)
	}
	if maskedFamily == family || strings.Contains(resource, family) || !strings.Contains(resource, pseudonym) {
		t.Errorf("the patient is shown as %s, %.200s", maskedFamily, resource)
	}
	_, body, _ := get(t, masked[1][1])
	if !strings.Contains(body, pseudonym) {
		t.Errorf("the FHIR view has %.200s", body)
	}
	var observations int
	if err := veiled.QueryRow(t.Context(), "SELECT count(*) FROM observations o JOIN patients p ON p.id = o.patient_id WHERE p.id = $1", pseudonym).Scan(&observations); err != nil || observations == 0 {
		t.Errorf("%d observations, %v", observations, err)
	}
	// An age over 89 is shown as 90, as in the FHIR view, and can be computed with.
	const over = "SELECT count(*) FROM observations WHERE loinc = '30525-0' AND value > 90"
	var ages, shown, capped int
	if err := source.QueryRow(t.Context(), over).Scan(&ages); err != nil || ages == 0 {
		t.Fatalf("%d ages over 90 in the source, %v", ages, err)
	}
	if err := veiled.QueryRow(t.Context(), over).Scan(&shown); err != nil || shown != 0 {
		t.Errorf("%d ages over 90 are shown, %v", shown, err)
	}
	if err := veiled.QueryRow(t.Context(), "SELECT count(*) FROM observations WHERE loinc = '30525-0' AND value = 90").Scan(&capped); err != nil || capped < ages {
		t.Errorf("%d ages of 90 or more, want at least %d, %v", capped, ages, err)
	}
	if _, err := veiled.Exec(t.Context(), "SELECT count(*) FROM patients WHERE family LIKE 'Smi%'"); err == nil {
		t.Error("a name was tested")
	}
}
