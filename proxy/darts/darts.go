// Package darts serves the operations of HL7's De-Identification, Anonymization,
// Redaction Toolkit Services (DARTS, 1.0.0-ballot) to operators: $de-identify,
// $pseudonymize and $anonymize take a Bundle in Parameters and return it masked.
//
//	s, err := darts.New(&config, darts.Options{Base: "https://veil.example:9090/darts"})
//	for _, route := range s.Routes() { listener.Handle(route) }
//	s.Force(&next) // at a reload
//
// Where the draft is silent, or less strict than 45 CFR 164.514(b)(2):
//
//   - $de-identify knows one policy, HHS_SAFE_HARBOR_DETERMINISTIC_METHOD.
//   - The key of $pseudonymize selects a key space under Veil's own key. A pseudonym does
//     not depend on the caller's key alone, which may be short. The algorithm is
//     HMAC-SHA-512: a plain hash of an identifier can be reversed by guessing.
//   - $anonymize is $de-identify in a key space that the Bundle itself selects. The same
//     Bundle gives the same result; the results of two Bundles cannot be linked.
//   - The draft spells it psuedonymize; $pseudonymize is served as well.
//   - URLs of files are refused: Veil never fetches a URL that a caller names.
//
// Invariants: a Bundle is masked in a key space that no view of consumers has; nothing is
// returned before its record is in the audit log and, if one is configured, on the audit
// server; no error or event contains an original value.
package darts

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"

	models "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/veil-proxy/veil/fhir"
	"github.com/veil-proxy/veil/mask/keys"
	"github.com/veil-proxy/veil/proxy"
	"github.com/veil-proxy/veil/proxy/fhirproxy/outcome"
	"github.com/veil-proxy/veil/proxy/operator"
)

// Path is the prefix of the operations' URL paths.
const Path = "/darts"

// Compile compiles the ruleset of an operation with the key of a key space.
type Compile func(ring *keys.Keyring) (*fhir.Automaton, error)

// Config is the configuration, which a reload replaces.
type Config struct {
	// Keys are the keys of a project that no view has.
	Keys *keys.Keyring
	// Deidentify is the ruleset of $de-identify, compiled with Keys.
	Deidentify *fhir.Automaton
	// Pseudonymize and Anonymize compile those of the other operations.
	Pseudonymize, Anonymize Compile
	// RequestBytes bounds a request body.
	RequestBytes int
	// AuditServer receives events; nil for none.
	AuditServer *AuditServer
}

// Options are the options of a service that a reload does not change.
type Options struct {
	// Base is the URL under which operators reach Path, and Version that of the build.
	Base, Version string
}

// Service serves the operations. It is safe for concurrent use.
type Service struct {
	options Options
	current atomic.Pointer[state]
}

// state is a configuration with its compiled rulesets.
type state struct {
	*Config
	sender     *sender
	deidentify *engine

	mu         sync.Mutex
	pseudonyms []*engine // of the most recently used keys, the latest first
}

// New returns a service.
func New(c *Config, o Options) (*Service, error) {
	s := &Service{options: o}
	force, err := s.Prepare(c)
	if err != nil {
		return nil, err
	}
	force()
	return s, nil
}

// Prepare checks a configuration. force puts it in force for the requests that begin
// from then on.
func (s *Service) Prepare(c *Config) (force func(), err error) {
	next := &state{Config: c, deidentify: newEngine("", c.Deidentify)}
	if c.AuditServer != nil {
		if next.sender, err = newSender(c.AuditServer); err != nil {
			return nil, err
		}
	}
	return func() { s.current.Store(next) }, nil
}

// Routes returns the routes of the service.
func (s *Service) Routes() []operator.Route {
	routes := []operator.Route{{
		Pattern: "GET " + Path + "/metadata", Operation: "capabilities",
		Serve:  s.metadata,
		Refuse: refuse,
	}}
	for i := range operations {
		op := &operations[i]
		for _, code := range op.codes {
			routes = append(routes, operator.Route{
				Pattern: "POST " + Path + "/$" + code, Operation: op.name + " Bundle",
				Serve:  func(w http.ResponseWriter, r *http.Request, x *proxy.Exchange) { s.serve(w, r, x, op) },
				Refuse: refuse,
			})
		}
	}
	return routes
}

// refuse responds with an OperationOutcome.
func refuse(w http.ResponseWriter, status int, text string) {
	code := models.IssueTypeException
	switch status {
	case http.StatusUnauthorized:
		code = models.IssueTypeLogin
	case http.StatusForbidden:
		code = models.IssueTypeForbidden
	case http.StatusTooManyRequests:
		code = models.IssueTypeThrottled
	}
	respond(w, status, outcome.Failed(status, code, "", text).Resource())
}

// respond sends a resource.
func respond(w http.ResponseWriter, status int, resource []byte) {
	w.Header().Set("Content-Type", "application/fhir+json; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(resource) // the client is gone otherwise
}

// metadata responds with the service's CapabilityStatement.
func (s *Service) metadata(w http.ResponseWriter, _ *http.Request, x *proxy.Exchange) {
	text, err := json.Marshal(s.statement(s.current.Load()))
	if err == nil {
		err = x.Commit(x.Record("complete", "", ""), http.StatusOK)
	}
	if err != nil {
		refuse(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	respond(w, http.StatusOK, text)
}

// statement is an instance of the draft's DARTSServiceProvider.
func (s *Service) statement(now *state) *models.CapabilityStatement {
	rs := now.deidentify.automaton.Policy.Ruleset
	description := fmt.Sprintf("De-identification of Bundles for operators; $de-identify applies the ruleset %s (sha256 %s)", rs.Name, rs.SHA256())
	security := "API keys of operators. Requests hold identifiable data: use TLS."
	rest := models.CapabilityStatementRest{
		Mode:     models.RestfulCapabilityModeServer,
		Security: &models.CapabilityStatementRestSecurity{Description: &security},
	}
	for _, op := range operations {
		documentation := op.documentation
		rest.Operation = append(rest.Operation, models.CapabilityStatementRestResourceOperation{
			Name: op.codes[0], Definition: definitions + op.codes[0], Documentation: &documentation,
		})
	}
	version := s.options.Version
	return &models.CapabilityStatement{
		Status:         models.PublicationStatusActive,
		Date:           rs.ReferenceDate.String(),
		Kind:           models.CapabilityStatementKindInstance,
		Instantiates:   []string{"http://hl7.org/fhir/us/darts/CapabilityStatement/darts-service-provider"},
		FhirVersion:    models.FHIRVersion4_0_1,
		Format:         []string{"application/fhir+json", "json"},
		Software:       &models.CapabilityStatementSoftware{Name: "veil", Version: &version},
		Implementation: &models.CapabilityStatementImplementation{Description: description, Url: &s.options.Base},
		Rest:           []models.CapabilityStatementRest{rest},
	}
}

// definitions is the prefix of the canonical URLs of the draft's operations.
const definitions = "http://hl7.org/fhir/us/darts/OperationDefinition/"
