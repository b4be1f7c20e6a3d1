package darts

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/fhir/fhirjson"
	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
)

// operation is an operation of the draft, with the codes that it is served under.
type operation struct {
	name          string
	codes         []string // the draft's first
	documentation string
	// output names the parameter that returns the Bundle.
	output string
	// activity is the code of ISO 21089:2017 for its records.
	activity models.Coding
	// parameters are its parameters besides the data.
	parameters []string
	engine     func(s *state, in *input) (*engine, *outcome.Problem)
}

// policy is the one that the draft defines for $de-identify.
const policy = "HHS_SAFE_HARBOR_DETERMINISTIC_METHOD"

// algorithm is that of $pseudonymize.
const algorithm = "HMAC-SHA-512"

var operations = []operation{
	{
		name: "de-identify", codes: []string{"de-identify"}, output: "de-identifiedData", activity: lifecycle("deidentify", "De-Identify (Anononymize) Record Lifecycle Event"),
		documentation: "Takes identifiableData, a Bundle, and the policy " + policy + ".",
		parameters:    []string{"policy"},
		engine: func(s *state, in *input) (*engine, *outcome.Problem) {
			if in.texts["policy"] != policy {
				return nil, invalid(http.StatusUnprocessableEntity, "policy: expected "+policy)
			}
			return s.deidentify, nil
		},
	},
	{
		name: "pseudonymize", codes: []string{"psuedonymize", "pseudonymize"}, output: "psuedonymizedData", activity: lifecycle("pseudonymize", "Pseudonymize Record Lifecycle Event"),
		documentation: "Takes identifiableData, a Bundle, a key, which selects a key space, and the algorithm " + algorithm + ". It is also served as $pseudonymize.",
		parameters:    []string{"key", "algorithm"},
		engine: func(s *state, in *input) (*engine, *outcome.Problem) {
			if in.texts["key"] == "" {
				return nil, invalid(http.StatusUnprocessableEntity, "key: expected a text that selects a key space")
			}
			if in.texts["algorithm"] != algorithm {
				return nil, invalid(http.StatusUnprocessableEntity, "algorithm: expected "+algorithm+"; a hash without a secret key can be reversed by trying all inputs")
			}
			e, err := s.pseudonymize(in.texts["key"])
			return e, fault(err)
		},
	},
	{
		name: "anonymize", codes: []string{"anonymize"}, output: "anonymizedData", activity: lifecycle("deidentify", "De-Identify (Anononymize) Record Lifecycle Event"),
		documentation: "Takes identifiableData, a Bundle. Ids are replaced in a key space of this Bundle alone, so that the results of two Bundles cannot be linked.",
		engine: func(s *state, in *input) (*engine, *outcome.Problem) {
			e, err := s.anonymize(in.bundle)
			return e, fault(err)
		},
	},
}

// lifecycle is a code of ISO 21089:2017, Health Record Lifecycle Events.
func lifecycle(code, display string) models.Coding {
	system := "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
	return models.Coding{System: &system, Code: &code, Display: &display}
}

// serve handles the request of an operation.
func (s *Service) serve(w http.ResponseWriter, r *http.Request, x *proxy.Exchange, op *operation) {
	now := s.current.Load()
	fail := func(p *outcome.Problem, record func(result, reason string) *mask.Record) {
		if record == nil {
			record = func(result, reason string) *mask.Record { return x.Record(result, reason, "") }
		}
		if x.Commit(record(p.Result, p.Reason), p.Status) != nil {
			p = outcome.Failed(http.StatusServiceUnavailable, models.IssueTypeTransient, "", "the audit record could not be written")
		}
		respond(w, p.Status, p.Resource())
	}
	in, p := read(w, r, op, now.RequestBytes)
	if p != nil {
		fail(p, nil)
		return
	}
	e, p := op.engine(now, in)
	if p != nil {
		fail(p, nil)
		return
	}
	masked, record, err := e.mask(in.bundle, x.Origin())
	if err != nil {
		fail(unmaskable(err), record)
		return
	}
	rs := e.automaton.Policy.Ruleset
	if now.sender != nil {
		event := &happening{Options: s.options, op: op, ruleset: rs.Name, rulesetSHA256: rs.SHA256(), project: now.Keys.Project(), operator: x.Who.Name, client: x.Client, request: x.ID, recorded: x.Started, masked: masked}
		if err := now.sender.send(r.Context(), event.bundle()); err != nil {
			fail(outcome.Failed(http.StatusServiceUnavailable, models.IssueTypeTransient, "audit server", "the audit server did not accept the events of this request ("+err.Error()+"), so nothing is returned"), record)
			return
		}
	}
	response, err := json.Marshal(models.Parameters{Parameter: []models.ParametersParameter{{Name: op.output, Resource: masked}}})
	if err != nil {
		fail(fault(err), record)
		return
	}
	if err := x.Commit(record("complete", ""), http.StatusOK); err != nil {
		refuse(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	w.Header().Set("X-Veil-Ruleset", rs.Name+"; sha256="+rs.SHA256())
	respond(w, http.StatusOK, response)
}

// input is the content of a request: texts by parameter name, and a Bundle.
type input struct {
	texts  map[string]string
	bundle []byte
}

// read reads the Parameters of a request.
func read(w http.ResponseWriter, r *http.Request, op *operation, most int) (*input, *outcome.Problem) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/fhir+json" && kind != "application/json" {
		return nil, outcome.Refused(http.StatusUnsupportedMediaType, models.IssueTypeNotSupported, "content type", "expected Content-Type: application/fhir+json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, int64(most)))
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return nil, outcome.Refused(http.StatusRequestEntityTooLarge, models.IssueTypeTooLong, "request size", "the request is larger than operator.darts.requestBytes allows; use veil mask for files")
	}
	if err != nil {
		return nil, invalid(http.StatusBadRequest, "the request body could not be read")
	}
	var parameters struct {
		ResourceType string
		Parameter    []struct {
			Name        string
			ValueString *string
			ValueCode   *string
			Resource    json.RawMessage
		}
	}
	if json.Unmarshal(body, &parameters) != nil || parameters.ResourceType != "Parameters" {
		return nil, invalid(http.StatusBadRequest, "expected a Parameters resource in JSON")
	}
	in := &input{texts: map[string]string{}}
	for i := range parameters.Parameter {
		p := &parameters.Parameter[i]
		switch name := known(op, p.Name); {
		case name == "":
			return nil, invalid(http.StatusUnprocessableEntity, "a parameter is unknown to this operation: "+op.documentation)
		case name == fileURLs:
			return nil, outcome.Refused(http.StatusUnprocessableEntity, models.IssueTypeNotSupported, "file URLs", name+": Veil does not fetch files that a request names; send the data as identifiableData, or mask the files with veil mask")
		case name == data && in.bundle != nil, name != data && in.texts[name] != "":
			return nil, invalid(http.StatusUnprocessableEntity, name+" is given twice")
		case name == data:
			in.bundle = p.Resource
		case p.ValueString != nil:
			in.texts[name] = *p.ValueString
		case p.ValueCode != nil:
			in.texts[name] = *p.ValueCode
		}
	}
	if in.bundle == nil {
		return nil, invalid(http.StatusUnprocessableEntity, data+": expected a Bundle")
	}
	return in, nil
}

// The parameters that all operations have.
const (
	data     = "identifiableData"
	fileURLs = "identifiableDataFileUrls"
)

// known returns the operation's name for a parameter, or "". So no text of a request gets
// into an error.
func known(op *operation, name string) string {
	for _, one := range append([]string{data, fileURLs}, op.parameters...) {
		if one == name {
			return one
		}
	}
	return ""
}

func invalid(status int, text string) *outcome.Problem {
	return outcome.Refused(status, models.IssueTypeInvalid, "invalid request", text)
}

// fault returns a problem on Veil's side; nil without an error.
func fault(err error) *outcome.Problem {
	if err == nil {
		return nil
	}
	return outcome.Failed(http.StatusInternalServerError, models.IssueTypeException, "fault", "internal error: the rules could not be applied")
}

// unmaskable says why a Bundle could not be masked.
func unmaskable(err error) *outcome.Problem {
	var syntax *fhirjson.SyntaxError
	var withheld *fhir.WithheldError
	switch {
	case errors.As(err, &syntax):
		return invalid(http.StatusBadRequest, data+": "+syntax.Error())
	case errors.Is(err, errNotBundle):
		return invalid(http.StatusUnprocessableEntity, data+": expected a Bundle")
	case errors.As(err, &withheld), errors.Is(err, fhir.ErrEmpty):
		return outcome.Refused(http.StatusUnprocessableEntity, models.IssueTypeSuppressed, "withheld", "the ruleset withholds the whole Bundle")
	}
	return fault(err)
}
