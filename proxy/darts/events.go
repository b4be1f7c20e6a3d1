package darts

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"
)

// happening is the masking of a Bundle, as events report it. It contains no originals:
// patients are named by their pseudonyms.
type happening struct {
	Options
	op                              *operation
	ruleset, rulesetSHA256, project string
	operator, client, request       string
	recorded                        time.Time
	masked                          []byte
}

// profile is IHE's AuditEvent of a de-identification at its source. It has one patient.
const profile = "https://profiles.ihe.net/ITI/DeId/StructureDefinition/IHE.BasicAudit.DeIdentification.Source"

// bundle returns a transaction of an AuditEvent for each patient, so that no event is
// about two, and a Provenance of the masked Bundle.
func (h *happening) bundle() models.Bundle {
	transaction := models.Bundle{Type: models.BundleTypeTransaction}
	add := func(resourceType string, resource any) {
		text, _ := json.Marshal(resource) // of the models' types, which can be marshalled
		transaction.Entry = append(transaction.Entry, models.BundleEntry{
			Resource: text,
			Request:  &models.BundleEntryRequest{Method: models.HTTPVerbPOST, Url: resourceType},
		})
	}
	patients := patientsOf(h.masked)
	for _, id := range patients {
		add("AuditEvent", h.auditEvent(id))
	}
	if len(patients) == 0 {
		add("AuditEvent", h.auditEvent(""))
	}
	add("Provenance", h.provenance())
	return transaction
}

// patientsOf returns the ids of the patients that a masked Bundle contains or refers to,
// in order.
func patientsOf(masked []byte) []string {
	found := map[string]bool{}
	var walk func(v any)
	walk = func(v any) {
		switch v := v.(type) {
		case map[string]any:
			if v["resourceType"] == "Patient" {
				if id, ok := v["id"].(string); ok {
					found[id] = true
				}
			}
			if reference, ok := v["reference"].(string); ok {
				if id, ok := strings.CutPrefix(reference, "Patient/"); ok {
					found[id] = true
				}
			}
			for _, inner := range v {
				walk(inner)
			}
		case []any:
			for _, inner := range v {
				walk(inner)
			}
		}
	}
	var whole any
	if json.Unmarshal(masked, &whole) == nil {
		walk(whole)
	}
	return slices.Sorted(maps.Keys(found))
}

// auditEvent returns the AuditEvent for one patient, or for none if the pseudonym is
// empty.
func (h *happening) auditEvent(patient string) models.AuditEvent {
	read, outcome, machine := models.AuditEventActionR, models.AuditEventOutcome0, models.AuditEventAgentNetworkType2
	veil := device(h.Version)
	event := models.AuditEvent{
		Type:     dicom("110106", "Export"),
		Subtype:  []models.Coding{h.op.activity},
		Action:   &read,
		Recorded: h.recorded.UTC().Format(time.RFC3339Nano),
		Outcome:  &outcome,
		Agent: []models.AuditEventAgent{
			{
				Type: concept(dicom("110153", "Source Role ID")), Who: &veil,
				Network: &models.AuditEventAgentNetwork{Address: &h.Base, Type: networkURI()},
			},
			{
				Type: concept(dicom("110152", "Destination Role ID")), Who: display(h.operator), Requestor: true,
				Network: &models.AuditEventAgentNetwork{Address: &h.client, Type: &machine},
			},
		},
		Source: models.AuditEventSource{Observer: veil},
		Entity: []models.AuditEventEntity{{
			What: h.algorithm(),
			Type: coding("https://profiles.ihe.net/ITI/DeId/CodeSystem/DeIdentificationEntityType", "DeId-algorithm", "De-Identification Algorithm"),
		}, {
			What: identified("urn:ietf:rfc:3986", "urn:uuid:"+uuid(h.request), "request, as Veil's own audit log names it"),
			Type: coding("http://terminology.hl7.org/CodeSystem/audit-entity-type", "4", "Other"),
		}},
	}
	if patient == "" {
		return event
	}
	event.Meta = &models.Meta{Profile: []string{profile}}
	resourceType := "Patient"
	who := identified("urn:veil:project:"+h.project, patient, "")
	who.Type = &resourceType
	event.Entity = append([]models.AuditEventEntity{{
		What: who,
		Type: coding("http://terminology.hl7.org/CodeSystem/audit-entity-type", "1", "Person"),
		Role: coding("http://terminology.hl7.org/CodeSystem/object-role", "1", "Patient"),
	}}, event.Entity...)
	return event
}

// provenance returns the Provenance of the masked Bundle, which its digest names (RFC
// 6920). The original Bundle is not named by a digest, since whoever has it could
// recognize it.
func (h *happening) provenance() models.Provenance {
	sum := sha256.Sum256(h.masked)
	at := h.recorded.UTC().Format(time.RFC3339Nano)
	return models.Provenance{
		Target:           []models.Reference{*identified("urn:ietf:rfc:3986", named(sum[:]), "masked Bundle")},
		OccurredDateTime: &at,
		Recorded:         at,
		Policy:           []string{h.rulesetName()},
		Activity:         concept(h.op.activity),
		Agent: []models.ProvenanceAgent{
			{Type: concept(*coding("http://terminology.hl7.org/CodeSystem/provenance-participant-type", "assembler", "Assembler")), Who: device(h.Version)},
			{Type: concept(*coding("http://terminology.hl7.org/CodeSystem/provenance-participant-type", "custodian", "Custodian")), Who: *display(h.operator)},
		},
		Entity: []models.ProvenanceEntity{{Role: models.ProvenanceEntityRoleSource, What: *display("identifiable data of the request")}},
	}
}

// algorithm names the ruleset by its digest.
func (h *happening) algorithm() *models.Reference {
	return identified("urn:ietf:rfc:3986", h.rulesetName(), "Veil ruleset "+h.ruleset)
}

func (h *happening) rulesetName() string {
	sum, _ := hex.DecodeString(h.rulesetSHA256) // in our own format
	return named(sum)
}

// named is the URI of a SHA-256 (RFC 6920).
func named(sum []byte) string {
	return "ni:///sha-256;" + base64.RawURLEncoding.EncodeToString(sum)
}

// uuid writes 32 hex digits as a UUID.
func uuid(hex string) string {
	if len(hex) != 32 {
		return hex
	}
	return hex[:8] + "-" + hex[8:12] + "-" + hex[12:16] + "-" + hex[16:20] + "-" + hex[20:]
}

func networkURI() *models.AuditEventAgentNetworkType {
	t := models.AuditEventAgentNetworkType5
	return &t
}

func device(version string) models.Reference {
	resourceType, name := "Device", "Veil "+version
	return models.Reference{Type: &resourceType, Display: &name}
}

func display(text string) *models.Reference { return &models.Reference{Display: &text} }

func identified(system, value, text string) *models.Reference {
	r := &models.Reference{Identifier: &models.Identifier{System: &system, Value: &value}}
	if text != "" {
		r.Display = &text
	}
	return r
}

func dicom(code, text string) models.Coding {
	return *coding("http://dicom.nema.org/resources/ontology/DCM", code, text)
}

func coding(system, code, text string) *models.Coding {
	return &models.Coding{System: &system, Code: &code, Display: &text}
}

func concept(c models.Coding) *models.CodeableConcept {
	return &models.CodeableConcept{Coding: []models.Coding{c}}
}
