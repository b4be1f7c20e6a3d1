package config

import (
	"strings"
	"time"

	"github.com/veil-proxy/veil/internal/lazyregexp"
	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/text/recognizer"
)

// RulesetDoc says how to name a ruleset.
const RulesetDoc = "name of a shipped ruleset, with overlays as in safe-harbor+us-core, or path of a file"

// settings are all settings of a configuration, in the order they are printed.
func (c *Config) settings() []setting {
	top := viewSettings(&c.View)
	flags := map[string]string{"ruleset": "ruleset RULESET", "project": "project NAME", "keyFile": "key-file FILE", "detail": "detail "}
	for i := range top {
		top[i].effect = reload
		if flag, placeholder, ok := strings.Cut(flags[top[i].name], " "); ok {
			top[i] = top[i].flagged(flag, placeholder)
		}
	}
	return append(top,
		views(&c.Views).at(reload),
		section("fhir", "FHIR listener and its upstream", fhirSettings(&c.FHIR)...).at(restart),
		section("postgres", "PostgreSQL listener and its upstream", postgresSettings(&c.Postgres)...).at(restart),
		section("consumers", "who has access; nobody unless configured here", consumersSettings(&c.Consumers)...).at(reload),
		section("audit", "record of what was returned and what was refused",
			text("dir", "directory of the audit log; each process needs its own", &c.Audit.Dir).flagged("audit-dir", "DIR"),
			text("signerFile", "file with the key that signs checkpoints (optional)", &c.Audit.SignerFile),
			text("index", "directory of the index that the console searches, which can be rebuilt from the log at any time (default: index in audit.dir)", &c.Audit.Index),
			section("retention", "which segments of the audit log are removed, oldest first; needs signerFile", retentionSettings(&c.Audit.Retention)...),
			list("shipping", "where lines of the audit log are also sent", &c.Audit.Shipping, shippingSettings),
		).at(restart),
		section("operator", "metrics, health checks, and operations for operators", operatorSettings(&c.Operator)...).at(restart),
		section("text", "texts that rulesets scrub", section("recognizer", "external recognizer, used together with the detectors; it receives originals", recognizerSettings(&c.Recognizer)...)).at(restart),
		optional("tracing", "OpenTelemetry traces, without values", &c.Tracing, tracingSettings).at(restart),
		section("log", "log on standard error",
			text("level", "debug, info, warn or error", &c.Log.Level, logLevel).flagged("log-level", "LEVEL"),
			text("format", "text or json", &c.Log.Format, logFormat).flagged("log-format", "FORMAT"),
		).at(restart),
		section("shutdown", "what happens on SIGTERM",
			pause("delay", "how long /readyz fails before new connections are refused, so that load balancers notice; such as 5s", &c.Shutdown.Delay),
			duration("grace", "how long requests in progress may take after that", &c.Shutdown.Grace),
		).at(reload),
	)
}

// OperatorListenEnv has the address of metrics and health checks if neither a flag nor
// a file sets it.
const OperatorListenEnv = "VEIL_OPERATOR_LISTEN"

func recognizerSettings(o *recognizer.Options) []setting {
	return []setting{
		text("url", "URL of a server with the interface of Presidio's analyzer, such as http://localhost:5002/analyze", &o.URL),
		text("language", "language to request", &o.Language),
		decimal("minScore", "minimum score of what it finds, from 0 to 1", &o.MinScore),
		duration("timeout", "time limit for a text; without a valid response the text is removed", &o.Timeout),
		number("atOnce", "texts sent to it at the same time", &o.AtOnce, 1),
	}
}

func viewSettings(v *View) []setting {
	return []setting{
		text("ruleset", RulesetDoc, &v.Ruleset),
		text("project", "name of the project; pseudonyms of different projects cannot be linked", &v.Project),
		text("keyFile", "file with the project key, mode 0600 (default: $VEIL_KEY_FILE, or the key itself in $VEIL_KEY)", &v.KeyFile),
		text("previousKeyFile", "file with the previous key, which still opens the ids that it sealed (optional)", &v.PreviousKeyFile),
		day("previousKeyUntil", "day on which the previous key expires, at 00:00 UTC, such as 2027-03-01", &v.PreviousKeyUntil),
		boolean("detail", "write an audit line for each application of a rule", &v.Detail),
		number("minCount", "refuse searches with fewer matches, since they could single out a person; 0 for no minimum", &v.MinCount, 0),
		section("sql", "settings of the view that apply to SQL only", postgresViewSettings(&v.Postgres)...),
	}
}

// views are sections with names that the operator chooses.
func views(to *[]NamedView) setting {
	const doc = "named views, each with its own project; consumers without a view get the settings above"
	read := func(r *reading, path string, n strictyaml.Node) {
		r.Mapping(n, nil, func(name string, nameNode, n strictyaml.Node) {
			if !plainName().MatchString(name) {
				r.Bad(nameNode, "%s: the name of a view consists of 1 to 128 letters, digits and ._@-", path)
				return
			}
			inner := path + "." + name
			r.problems.at[inner] = r.At(nameNode)
			v := NamedView{name, View{Ruleset: "safe-harbor"}}
			r.section(inner, n, viewSettings(&v.View))
			*to = append(*to, v)
		})
	}
	all := func(p *printing) {
		p.line("views:", doc)
		p.indent += 2
		for i := range *to {
			p.line((*to)[i].Name+":", "")
			p.nested(viewSettings(&(*to)[i].View))
		}
		p.indent -= 2
	}
	return setting{name: "views", doc: doc, each: func() []setting { return viewSettings(&View{Ruleset: "safe-harbor"}) }, suffix: ".NAME", read: read, print: func(p *printing) {
		if len(*to) > 0 {
			all(p)
			return
		}
		p.asComment(section("views", doc, section("NAME", "", viewSettings(&View{Ruleset: "safe-harbor"})...)))
	}}
}

// plainName is the form of the names of views and consumers.
var plainName = lazyregexp.New(`^[A-Za-z0-9._@-]{1,128}$`)

func consumersSettings(c *Consumers) []setting {
	return []setting{
		section("anonymous", "clients without credentials", append([]setting{
			boolean("allow", "allow access without credentials, to every client that reaches the listener", &c.AllowAnonymous).flagged("allow-anonymous", "")}, accountSettings(&c.Anonymous)...)...),
		list("keys", "API keys (create one with: veil keys api NAME)", &c.Keys, func(k *consumer.Key) []setting {
			return append(namedAccount(&k.Account), text("sha256", "SHA-256 of the key, in hex", &k.SHA256, sha256Hex))
		}),
		text("keysFile", "file with further API keys, mode 0600, in which the console creates and revokes them; create it empty", &c.KeysFile),
		list("issuers", "authorization servers whose access tokens (JWTs) are accepted", &c.Issuers, func(i *consumer.Issuer) []setting {
			return append(namedAccount(&i.Account),
				text("url", "iss of the tokens", &i.URL),
				text("audience", "aud of the tokens meant for this proxy", &i.Audience),
				text("jwksURL", "URL of its public keys, https", &i.JWKSURL),
				text("jwksFile", "or a file with its public keys", &i.JWKSFile),
				texts("algorithms", "signature algorithms to accept (default: all asymmetric ones)", &i.Algorithms),
				text("consumerClaim", "claim that identifies a consumer, such as client_id (default: sub)", &i.ConsumerClaim),
				boolean("requireScopes", "a token without scopes grants nothing", &i.RequireScopes),
				leeway(&i.Leeway),
			)
		}),
		list("certificates", "client certificates, verified with fhir.tls.clientCAFile", &c.Certificates, func(k *consumer.Certificate) []setting {
			return append(namedAccount(&k.Account), text("spkiSHA256", "SHA-256 of its public key (SubjectPublicKeyInfo), in hex or base64", &k.SPKISHA256))
		}),
		list("users", "users of the PostgreSQL listener (create one with: veil keys postgres USER)", &c.Users, func(u *consumer.User) []setting {
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
	return duration("leeway", "clock difference to tolerate, at most 5m", to)
}

func namedAccount(a *consumer.Account) []setting {
	return append([]setting{text("name", "name of the consumer in the audit log; all credentials of a consumer share it", &a.Name)}, accountSettings(a)...)
}

func accountSettings(a *consumer.Account) []setting {
	return []setting{
		text("view", "one of views (default: the settings at the top)", &a.View),
		text("scopes", "SMART scopes that limit access, such as system/Observation.rs (default: everything)", &a.Scopes),
		section("limits", "limits of this consumer; 0 for none",
			decimal("ratePerSecond", "requests per second, sustained", &a.Limits.RatePerSecond),
			number("burst", "requests that may start at once (default: the rate)", &a.Limits.Burst, 0),
			number("concurrent", "requests in progress at once", &a.Limits.Concurrent, 0)),
	}
}
