package fhir_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/internal/fhirtest"
	"github.com/veil-proxy/veil/internal/hapitest"
	"github.com/veil-proxy/veil/internal/masktest"
	"github.com/veil-proxy/veil/internal/veiltest"
)

// accepted are the errors that masking may bring, by the message's id, and where
// the text has a certain part.
var accepted = []struct{ id, part, why string }{
	{"", "StructureDefinition/shareable", "a profile that the resource claims asks for what Safe Harbor takes out"},
	{"", "StructureDefinition#sdf-6", "a definition without its texts defines nothing"},
	{"ERROR_GENERATING_SNAPSHOT", "", "the same"},
	{"SD_NO_CONTEXT_WHEN_NOT_EXTENSION", "", "the same"},
	{"", "TerminologyCapabilities#tcp-", "the same"},
	{"", "MessageDefinition#md-1", "the same"},
	{"SM_NAME_INVALID", "The name null", "the validator does not see that data-absent-reason stands for a StructureMap's name"},
	{"Terminology_TX_Code_ValueSet_MISSING", "No code provided", "nor that it stands for a trigger's type"},
	{"", "Age#age-1", "the original's unit is no time either; masked, its system is not UCUM, which is all that age-1 looks at"},
	{"", "Bundle#bdl-9", "the identifier of a document goes"},
	{"", "#vs-1", "a vital sign loses its day"},
	{"CONTAINED_ORPHAN_DOM3", "", "the reference to it stood in an extension that no rule knows"},
	{"Validation_VAL_Profile_Unknown", "", "the validator knows no guide; a profile is new to it where parameters before it went"},
	{"Validation_VAL_Profile_Minimum", "EvidenceVariable.characteristic:", "the schema has EvidenceVariable as R5 has it"},
}

func isAccepted(v hapitest.Invalidity) bool {
	for _, a := range accepted {
		if (a.id == "" || a.id == v.ID) && strings.Contains(v.ID+" "+v.Text, a.part) {
			return true
		}
	}
	return false
}

// TestRealExamplesStayValid masks HL7's examples and synthetic patients and holds that
// they stay valid.
func TestRealExamplesStayValid(t *testing.T) {
	needValidator(t)
	sources := examples(t)
	for _, r := range fhirtest.Generate(1, 2).Resources() {
		sources = append(sources, r.JSON)
	}
	staysValid(t, "safe-harbor", sources)
}

// guides are the npm packages of implementation guides of which the examples are
// masked: those that the registry has in R4. It has none of US Core, of Germany,
// Switzerland and the Netherlands; mCODE's examples are resources of US Core, too.
var guides = []string{"hl7.fhir.uv.ips@2.0.0", "hl7.fhir.us.mcode@4.0.0", "hl7.fhir.uv.genomics-reporting@3.0.0", "hl7.fhir.au.base@6.0.0", "hl7.fhir.uv.sdc@4.0.0-ballot"}

// TestRealGuidesStayValid does the same with the examples of implementation guides.
func TestRealGuidesStayValid(t *testing.T) {
	needValidator(t)
	var sources [][]byte
	few := 0
	for i, guide := range guides {
		if sources = append(sources, examplesOf(t, guide)...); i == 1 {
			few = len(sources)
		}
	}
	if len(sources) < 500 {
		t.Fatalf("the packages have %d examples", len(sources))
	}
	t.Run("safe-harbor", func(t *testing.T) { staysValid(t, "safe-harbor", sources) })
	t.Run("research", func(t *testing.T) { staysValid(t, "research", sources[:few]) })
}

func needValidator(t *testing.T) {
	t.Helper()
	if os.Getenv("VEIL_TEST_ALL") != "1" {
		t.Skip("set VEIL_TEST_ALL=1 to run it with HAPI FHIR's validator")
	}
}

// examplesOf returns the example resources of an npm package.
func examplesOf(t *testing.T, guide string) [][]byte {
	t.Helper()
	if _, err := exec.LookPath("npm"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("npm is not on the PATH")
		}
		t.Skip("npm is not on the PATH")
	}
	cmd := veiltest.Command(t, veiltest.Works, "npm", "pack", "--silent", guide)
	cmd.Dir, cmd.Stderr = t.TempDir(), os.Stderr
	name, err := cmd.Output()
	if err != nil {
		t.Fatalf("npm pack %s: %v", guide, err)
	}
	f, err := os.Open(filepath.Join(cmd.Dir, strings.TrimSpace(string(name))))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var found [][]byte
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return found
		} else if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(h.Name, "/example/") || path.Ext(h.Name) != ".json" || strings.HasPrefix(path.Base(h.Name), ".") {
			continue
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		var compact bytes.Buffer // the validator reads a resource a line
		if err := json.Compact(&compact, b); err != nil {
			t.Fatalf("%s: %v", h.Name, err)
		}
		found = append(found, compact.Bytes())
	}
}

// ids are what the validator writes of resources into the places of errors.
var ids = regexp.MustCompile(`/\*[^*]*\*/`)

// staysValid masks resources and holds that HAPI's validator finds no error in them
// that it does not find in the originals, but those that are accepted.
func staysValid(t *testing.T, ruleset string, sources [][]byte) {
	t.Helper()
	m := masktest.NewMasker(masktest.Shipped(t, ruleset), fhir.RememberNothing)
	var names []string
	var originals, masked [][]byte
	for _, src := range sources {
		out, err := m.Mask(src)
		if err != nil {
			if !strings.Contains(err.Error(), "withheld") && !strings.Contains(err.Error(), "nothing of the resource") {
				t.Error(err)
			}
			continue
		}
		var head struct{ ResourceType, ID string }
		if err := json.Unmarshal(src, &head); err != nil {
			t.Fatal(err)
		}
		names = append(names, head.ResourceType+"/"+head.ID)
		originals, masked = append(originals, src), append(masked, bytes.Clone(out))
	}
	found := hapitest.Validate(t, append(originals, masked...))
	for i, after := range found[len(names):] {
		for _, v := range after {
			known := slices.ContainsFunc(found[i], func(before hapitest.Invalidity) bool {
				return before.ID == v.ID && ids.ReplaceAllString(before.Place, "") == ids.ReplaceAllString(v.Place, "")
			})
			if !known && !isAccepted(v) {
				t.Errorf("%s: %s at %s: %s", names[i], v.ID, v.Place, v.Text)
			}
		}
	}
}
