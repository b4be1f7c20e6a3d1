package main

import (
	"cmp"
	"io"
	"os"
	"regexp"
	"time"

	"github.com/veil-proxy/veil/mask"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/fhirproxy"
	"github.com/veil-proxy/veil/proxy/pgproxy"
	"github.com/veil-proxy/veil/proxy/signin"
)

// serveConfig is what veil serve runs with. The YAML file has the names that
// settings gives them.
type serveConfig struct {
	viewConfig // the view of consumers that name none
	Views      []namedView
	FHIR       fhirConfig
	Postgres   postgresConfig
	Consumers  consumersConfig
	Audit      auditConfig
	// Operator has the address of metrics and health; empty for none.
	Operator struct{ Listen string }
	Log      logConfig
	Shutdown shutdownConfig

	problems configProblems
}

// viewConfig says what a consumer may see.
type viewConfig struct {
	// Ruleset is a shipped ruleset's name or a file.
	Ruleset, Project, KeyFile string
	// PreviousKeyFile has the key before this one, which opens what it sealed
	// until the day.
	PreviousKeyFile  string
	PreviousKeyUntil mask.Date
	Detail           bool
	MinCount         int
	Postgres         postgresView
}

type namedView struct {
	Name string
	viewConfig
}

// fhirConfig is the FHIR door's.
type fhirConfig struct {
	Upstream         string
	UpstreamAliases  []string
	FileHosts        []string
	SkipInvalidLines bool
	UpstreamTLS      signin.TLS
	Credentials      signin.Config
	Listen           string
	BaseURL          string
	TLS              tlsConfig
	Origins          []string
	LinkAge          time.Duration
	Limits           fhirproxy.Limits
}

// consumersConfig says who may ask.
type consumersConfig struct {
	// Anonymous is the account of who has no credentials, if AllowAnonymous.
	AllowAnonymous bool
	Anonymous      consumer.Account
	Keys           []consumer.Key
	Issuers        []consumer.Issuer
	Certificates   []consumer.Certificate
	Users          []consumer.User
}

type auditConfig struct{ Dir, SignerFile string }

func defaultServeConfig() *serveConfig {
	c := &serveConfig{viewConfig: viewConfig{Ruleset: "safe-harbor", Project: "default"}}
	c.FHIR.Listen = cmp.Or(os.Getenv("VEIL_FHIR_LISTEN"), "127.0.0.1:8080")
	c.FHIR.LinkAge = fhirproxy.DefaultLinkAge
	c.FHIR.Limits = fhirproxy.DefaultLimits()
	c.Postgres.Listen = cmp.Or(os.Getenv("VEIL_POSTGRES_LISTEN"), "127.0.0.1:6432")
	c.Operator.Listen = os.Getenv(operatorListenEnv)
	c.Log = logConfig{Level: "info", Format: "text"}
	c.Shutdown.Grace = 20 * time.Second
	c.Postgres.Limits = pgproxy.DefaultLimits()
	return c
}

// settings are all settings of a configuration, in the order they are printed.
func (c *serveConfig) settings() []setting {
	return append(viewSettings(&c.viewConfig),
		views(&c.Views),
		section("fhir", "the FHIR door", fhirSettings(&c.FHIR)...),
		section("postgres", "the PostgreSQL door", postgresSettings(&c.Postgres)...),
		section("consumers", "who may ask; nobody unless it is said here", consumersSettings(&c.Consumers)...),
		section("audit", "the record of what was answered and refused",
			text("dir", "folder of the log; of one process", &c.Audit.Dir),
			text("signerFile", "file with the key that signs checkpoints (optional)", &c.Audit.SignerFile),
		),
		section("operator", "for whoever runs Veil",
			text("listen", "address of /metrics, /healthz and /readyz; of this machine alone if it has no host; off if empty", &c.Operator.Listen),
		),
		section("log", "the lines on standard error",
			text("level", "debug, info, warn or error", &c.Log.Level, logLevel),
			text("format", "text or json", &c.Log.Format, logFormat),
		),
		section("shutdown", "what happens at SIGTERM",
			pause("delay", "how long /readyz says no before connections are refused, so that a load balancer notices; such as 5s", &c.Shutdown.Delay),
			duration("grace", "how long requests under way may take after that", &c.Shutdown.Grace),
		),
	)
}

func viewSettings(v *viewConfig) []setting {
	return []setting{
		text("ruleset", rulesetHelp, &v.Ruleset),
		text("project", "name that is mixed into every key: pseudonyms of two projects cannot be linked", &v.Project),
		text("keyFile", "file with the project's key, mode 0600 (default: $VEIL_KEY_FILE, or the key itself in $VEIL_KEY)", &v.KeyFile),
		text("previousKeyFile", "file with the key before this one, which still opens what it sealed (optional)", &v.PreviousKeyFile),
		day("previousKeyUntil", "the day it stops, at 00:00 UTC, such as 2027-03-01", &v.PreviousKeyUntil),
		yesno("detail", "one audit line for each application of a rule", &v.Detail),
		number("minCount", "searches with fewer matches are refused, since they could single a person out; 0 tells every number", &v.MinCount, 0),
		section("sql", "what else the view is at the PostgreSQL door", postgresViewSettings(&v.Postgres)...),
	}
}

// views are sections with names that the operator chooses.
func views(to *[]namedView) setting {
	const doc = "what consumers see that name a view, with a project each; those that name none see the one above"
	read := func(r *reading, path string, n mask.Node) {
		r.Mapping(n, nil, func(name string, nameNode, n mask.Node) {
			if !plainName.MatchString(name) {
				r.Bad(nameNode, "%s: the name of a view has 1 to 128 letters, digits and ._@-", path)
				return
			}
			inner := path + "." + name
			r.at[inner] = r.At(nameNode)
			v := namedView{name, viewConfig{Ruleset: "safe-harbor"}}
			r.section(inner, n, viewSettings(&v.viewConfig))
			*to = append(*to, v)
		})
	}
	print := func(p *printing) {
		p.line("views:", doc)
		p.indent += 2
		for i := range *to {
			p.line((*to)[i].Name+":", "")
			p.nested(viewSettings(&(*to)[i].viewConfig))
		}
		p.indent -= 2
	}
	return setting{"views", doc, read, func(p *printing) {
		if len(*to) > 0 {
			print(p)
			return
		}
		p.asComment(section("views", doc, section("NAME", "", viewSettings(&viewConfig{Ruleset: "safe-harbor"})...)))
	}}
}

// plainName is what views and consumers are called.
var plainName = regexp.MustCompile(`^[A-Za-z0-9._@-]{1,128}$`)

func fhirSettings(f *fhirConfig) []setting {
	l := &f.Limits
	return []setting{
		text("upstream", "base URL of the FHIR server that has the originals", &f.Upstream, baseURL),
		texts("upstreamAliases", "other base URLs that this server writes into its references and links, such as its public one", &f.UpstreamAliases, baseURL),
		texts("fileHosts", "base URLs of stores that have the files of bulk exports where this server does not serve them itself; asked without credentials", &f.FileHosts, baseURL),
		yesno("skipInvalidLines", "leave invalid lines of an export's file out, with a log line each, instead of breaking the file off", &f.SkipInvalidLines),
		text("listen", "address that the door listens on", &f.Listen),
		text("baseURL", "URL that consumers reach the door under; links carry it (default: that of listen)", &f.BaseURL, baseURL),
		section("tls", "TLS towards consumers; plain HTTP without it",
			text("certFile", "certificate of the door with its chain, PEM", &f.TLS.CertFile),
			text("keyFile", "its private key, PEM, mode 0600", &f.TLS.KeyFile),
			text("clientCAFile", "certificate authorities of consumers' certificates, PEM; who has one is asked for it", &f.TLS.ClientCAFile),
		),
		texts("origins", `web origins whose pages may ask (CORS), such as https://notebook.example; "*" is any`, &f.Origins, origin),
		duration("linkAge", "how long pages and exports can be followed, at least 1m", &f.LinkAge),
		section("limits", "what consumers can make the door do",
			number("headerBytes", "request line and headers together", &l.HeaderBytes, 1),
			number("requestBytes", "request body", &l.RequestBytes, 1),
			number("responseBytes", "answer of the upstream, decompressed; held in memory while it is masked", &l.ResponseBytes, 1),
			number("connections", "connections served at once", &l.Connections, 1),
			number("exchanges", "requests that are asked of the upstream or masked at once", &l.Exchanges, 1),
			number("streams", "files of exports that are sent at once; each holds a line in memory", &l.Streams, 1),
			duration("upstreamTimeout", "for an answer of the upstream, whole; of a file, for each piece", &l.UpstreamTimeout),
			duration("readyTimeout", "for the question behind /readyz", &l.ReadyTimeout),
			duration("readTimeout", "for a request, whole", &l.ReadTimeout),
			duration("writeTimeout", "for an answer to be taken; of a file, for each piece", &l.WriteTimeout),
			duration("idleTimeout", "for a connection without a request", &l.IdleTimeout),
		),
		section("upstreamTLS", "how the upstream is met, where it is https",
			tlsClientSettings(&f.UpstreamTLS)...),
		section("credentials", "what Veil signs in to the upstream with; consumers' own never reach it", credentialsSettings(&f.Credentials)...),
	}
}

func tlsClientSettings(t *signin.TLS) []setting {
	return []setting{
		text("caFile", "certificate authorities that may vouch for it, PEM (default: those of the system)", &t.CAFile),
		text("certFile", "certificate that Veil shows, with its chain, PEM (optional)", &t.CertFile),
		text("keyFile", "its private key, PEM, mode 0600", &t.KeyFile),
		text("serverName", "name that its certificate must have (default: that of the URL)", &t.ServerName),
	}
}

func credentialsSettings(u *signin.Config) []setting {
	secret := func(name, doc string, s *signin.Secret) setting {
		return section(name, doc,
			text("file", "file that has it, mode 0600", &s.File),
			text("env", "or the environment variable that has it", &s.Env))
	}
	const tokenURL, scopes = "token endpoint, https", "what is asked for, each by itself, such as system/*.rs"
	return []setting{
		list("headers", "headers that are the same in each request, such as X-API-Key", &u.Headers, func(h *signin.Header) []setting {
			return []setting{text("name", "", &h.Name), secret("value", "", &h.Value)}
		}),
		optional("basic", "a user and a password", &u.Basic, func(b *signin.Basic) []setting {
			return []setting{text("user", "", &b.User), secret("password", "", &b.Password)}
		}),
		optional("clientCredentials", "OAuth 2.0 client credentials (RFC 6749, 4.4)", &u.ClientCredentials, func(o *signin.ClientCredentials) []setting {
			return []setting{
				text("tokenURL", tokenURL, &o.TokenURL), text("clientID", "", &o.ClientID), secret("secret", "", &o.Secret),
				texts("scopes", scopes, &o.Scopes), text("audience", "parameter that some servers want (optional)", &o.Audience),
				text("method", "client_secret_basic, which is the default, or client_secret_post", &o.Method),
			}
		}),
		optional("backendServices", "SMART Backend Services: an assertion that Veil signs", &u.BackendServices, func(s *signin.BackendServices) []setting {
			return []setting{
				text("tokenURL", tokenURL, &s.TokenURL), text("clientID", "", &s.ClientID),
				secret("key", "private key, JWK or PEM: RSA of 2048 bits or more, or P-384", &s.Key),
				text("keyID", "kid of the registered public key (default: that of the JWK)", &s.KeyID), texts("scopes", scopes, &s.Scopes),
			}
		}),
		optional("sigV4", "AWS Signature Version 4, for AWS HealthLake", &u.SigV4, func(s *signin.SigV4) []setting {
			return []setting{
				text("region", "such as us-east-1", &s.Region), text("service", "default: healthlake", &s.Service),
				secret("accessKeyID", "", &s.AccessKeyID), secret("secretKey", "", &s.SecretKey), secret("sessionToken", "of temporary keys (optional)", &s.SessionToken),
			}
		}),
		optional("serviceAccount", "a Google service account, for the Cloud Healthcare API", &u.ServiceAccount, func(g *signin.ServiceAccount) []setting {
			return []setting{secret("key", "JSON key of the account", &g.Key), texts("scopes", "default: that of the Cloud Platform", &g.Scopes)}
		}),
		section("tokenTLS", "how the token endpoint is met", tlsClientSettings(&u.TokenTLS)...),
	}
}

func consumersSettings(c *consumersConfig) []setting {
	return []setting{
		section("anonymous", "who has no credentials", append([]setting{
			yesno("allow", "anybody who reaches the door may ask", &c.AllowAnonymous)}, accountSettings(&c.Anonymous)...)...),
		list("keys", "API keys (make one with: veil keys api NAME)", &c.Keys, func(k *consumer.Key) []setting {
			return append(namedAccount(&k.Account), text("sha256", "SHA-256 of the key, in hex", &k.SHA256, sha256Hex))
		}),
		list("issuers", "authorization servers whose access tokens (JWTs) are taken", &c.Issuers, func(i *consumer.Issuer) []setting {
			return append(namedAccount(&i.Account),
				text("url", "iss of the tokens", &i.URL),
				text("audience", "aud of the tokens that are for this door", &i.Audience),
				text("jwksURL", "where its keys are, https", &i.JWKSURL),
				text("jwksFile", "or a file that has them", &i.JWKSFile),
				texts("algorithms", "signatures that are taken (default: all asymmetric ones)", &i.Algorithms),
				text("consumerClaim", "claim that tells consumers apart, such as client_id (default: sub)", &i.ConsumerClaim),
				yesno("requireScopes", "a token without scopes may read nothing", &i.RequireScopes),
				leeway(&i.Leeway),
			)
		}),
		list("certificates", "client certificates, verified by fhir.tls.clientCAFile", &c.Certificates, func(k *consumer.Certificate) []setting {
			return append(namedAccount(&k.Account), text("spkiSHA256", "SHA-256 of its public key (SubjectPublicKeyInfo), in hex or base 64", &k.SPKISHA256))
		}),
		list("users", "who may log in at the PostgreSQL door (make one with: veil keys postgres USER)", &c.Users, func(u *consumer.User) []setting {
			return append(namedAccount(&u.Account),
				text("user", "name to log in with", &u.User),
				text("verifier", "SCRAM-SHA-256 verifier of the password", &u.Verifier))
		}),
	}
}

// leeway is 30 seconds where it is not set.
func leeway(to *time.Duration) setting {
	if *to == 0 {
		*to = 30 * time.Second
	}
	return duration("leeway", "how far clocks may differ, at most 5m", to)
}

func namedAccount(a *consumer.Account) []setting {
	return append([]setting{text("name", "how the audit log names it; the keys of one consumer have one name", &a.Name)}, accountSettings(a)...)
}

func accountSettings(a *consumer.Account) []setting {
	return []setting{
		text("view", "what it sees: one of views (default: the ruleset and key at the top)", &a.View),
		text("scopes", "SMART scopes that bound what it may ask, such as system/Observation.rs (default: everything)", &a.Scopes),
		section("limits", "of this consumer; 0 does not bound",
			decimal("ratePerSecond", "requests a second in the long run", &a.Limits.RatePerSecond),
			number("burst", "that may begin at once (default: the rate)", &a.Limits.Burst, 0),
			number("concurrent", "that may be under way at once", &a.Limits.Concurrent, 0)),
	}
}

// write prints the configuration as a file that can be read again.
func (c *serveConfig) write(w io.Writer) error {
	p := &printing{}
	p.line("veil: 1", "version of this form")
	for _, s := range c.settings() {
		s.print(p)
	}
	_, err := io.WriteString(w, p.out.String())
	return err
}
