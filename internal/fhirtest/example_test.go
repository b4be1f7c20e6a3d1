package fhirtest_test

import (
	"bytes"
	"fmt"
	"log"
	"net/http"

	"github.com/veil-proxy/veil/internal/fhirtest"
)

func ExampleGenerate() {
	p := fhirtest.Generate(1, 3)
	for _, id := range p.PatientIDs() {
		r, _ := p.Get("Patient", id)
		fmt.Println(r.Type, r.ID == id, len(p.Find(r.JSON)) > 10)
	}
	// Output:
	// Patient true true
	// Patient true true
	// Patient true true
}

func ExamplePopulation_Find() {
	p := fhirtest.Generate(1, 1)
	masked := []byte(`{"resourceType":"Patient","gender":"female"}`)
	fmt.Println(len(p.Find(masked)))

	leaking := bytes.Replace(masked, []byte("female"), []byte(p.PatientIDs()[0]), 1)
	for _, v := range p.Find(leaking) {
		fmt.Println(v.Kind, v.Path)
	}
	// Output:
	// 0
	// id Patient.id
}

func ExampleNewServer() {
	s, err := fhirtest.NewServer(fhirtest.Generate(1, 5))
	if err != nil {
		log.Fatal(err)
	}
	defer s.Close()
	resp, err := http.Get(s.URL + "/Patient?_summary=count")
	if err != nil {
		log.Fatal(err)
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status, resp.Header.Get("Content-Type"), len(s.Source.Requests()))
	// Output: 200 OK application/fhir+json;charset=UTF-8 1
}
