package config

import "github.com/veil-proxy/veil/proxy/signin"

func fhirSettings(f *FHIR) []setting {
	l := &f.Limits
	return []setting{
		text("upstream", "base URL of the FHIR server with the original data", &f.Upstream, baseURL).flagged("fhir-upstream", "URL"),
		texts("upstreamAliases", "other base URLs that this server writes into references and links, such as its public one", &f.UpstreamAliases, baseURL),
		texts("fileHosts", "base URLs of stores that serve the files of bulk exports, if the server does not; requests to them carry no credentials", &f.FileHosts, baseURL),
		boolean("skipInvalidLines", "skip invalid lines in the files of an export, with a log line each, instead of aborting the file", &f.SkipInvalidLines),
		text("listen", "address of the FHIR listener", &f.Listen).flagged("listen", "ADDRESS").fromEnv("VEIL_FHIR_LISTEN"),
		text("baseURL", "URL under which consumers reach the FHIR listener; links start with it (default: http://<listen>)", &f.BaseURL, baseURL).flagged("base-url", "URL"),
		section("tls", "TLS for consumers; plain HTTP without it",
			text("certFile", "certificate of the listener with its chain, PEM", &f.TLS.CertFile),
			text("keyFile", "private key of the certificate, PEM, mode 0600", &f.TLS.KeyFile),
			text("clientCAFile", "certificate authorities for client certificates, PEM; clients may then present one", &f.TLS.ClientCAFile),
		).at(switched),
		texts("origins", `web origins that may send requests (CORS), such as https://notebook.example; "*" for any`, &f.Origins, origin),
		duration("linkAge", "how long links to pages and exports stay valid, at least 1m", &f.LinkAge),
		section("limits", "limits of the FHIR listener",
			number("headerBytes", "size of request line and headers", &l.HeaderBytes, 1),
			number("requestBytes", "size of a request body", &l.RequestBytes, 1),
			number("responseBytes", "size of an upstream response, decompressed; it is kept in memory while it is masked", &l.ResponseBytes, 1),
			number("connections", "concurrent connections", &l.Connections, 1),
			number("exchanges", "requests that are sent upstream or masked at the same time", &l.Exchanges, 1),
			number("streams", "export files that are sent at the same time; each keeps a line in memory", &l.Streams, 1),
			duration("upstreamTimeout", "for a whole upstream response; for a file, for each part of it", &l.UpstreamTimeout),
			duration("readyTimeout", "for the upstream request of /readyz", &l.ReadyTimeout),
			duration("readTimeout", "for reading a whole request", &l.ReadTimeout),
			duration("writeTimeout", "for writing a response; for a file, for each part of it", &l.WriteTimeout),
			duration("idleTimeout", "for a connection without a request", &l.IdleTimeout),
		),
		section("upstreamTLS", "TLS to the upstream, if its URL is https",
			tlsClientSettings(&f.UpstreamTLS)...),
		section("credentials", "credentials that Veil sends to the upstream; those of consumers are never passed on", credentialsSettings(&f.Credentials)...),
	}
}

func tlsClientSettings(t *signin.TLS) []setting {
	return []setting{
		text("caFile", "certificate authorities to trust, PEM (default: those of the system)", &t.CAFile),
		text("certFile", "client certificate with its chain, PEM (optional)", &t.CertFile),
		text("keyFile", "private key of the client certificate, PEM, mode 0600", &t.KeyFile),
		text("serverName", "name that the server's certificate must have (default: that in the URL)", &t.ServerName),
	}
}

func credentialsSettings(u *signin.Config) []setting {
	secret := func(name, doc string, s *signin.Secret) setting {
		return section(name, doc,
			text("file", "file with the secret, mode 0600", &s.File),
			text("env", "or environment variable with the secret", &s.Env))
	}
	const tokenURL, scopes = "token endpoint, https", "scopes to request, such as system/*.rs"
	return []setting{
		list("headers", "headers to add to each request, such as X-API-Key", &u.Headers, func(h *signin.Header) []setting {
			return []setting{text("name", "", &h.Name), secret("value", "", &h.Value)}
		}),
		optional("basic", "user and password", &u.Basic, func(b *signin.Basic) []setting {
			return []setting{text("user", "", &b.User), secret("password", "", &b.Password)}
		}),
		optional("clientCredentials", "OAuth 2.0 client credentials (RFC 6749, section 4.4)", &u.ClientCredentials, func(o *signin.ClientCredentials) []setting {
			return []setting{
				text("tokenURL", tokenURL, &o.TokenURL), text("clientID", "", &o.ClientID), secret("secret", "", &o.Secret),
				texts("scopes", scopes, &o.Scopes), text("audience", "audience parameter, for servers that require it (optional)", &o.Audience),
				text("method", "client_secret_basic (default) or client_secret_post", &o.Method),
			}
		}),
		optional("backendServices", "SMART Backend Services, with an assertion that Veil signs", &u.BackendServices, func(s *signin.BackendServices) []setting {
			return []setting{
				text("tokenURL", tokenURL, &s.TokenURL), text("clientID", "", &s.ClientID),
				secret("key", "private key, JWK or PEM: RSA of at least 2048 bits, or P-384", &s.Key),
				text("keyID", "kid of the registered public key (default: that of the JWK)", &s.KeyID), texts("scopes", scopes, &s.Scopes),
			}
		}),
		optional("sigV4", "AWS Signature Version 4, for AWS HealthLake", &u.SigV4, func(s *signin.SigV4) []setting {
			return []setting{
				text("region", "such as us-east-1", &s.Region), text("service", "default: healthlake", &s.Service),
				secret("accessKeyID", "", &s.AccessKeyID), secret("secretKey", "", &s.SecretKey), secret("sessionToken", "for temporary credentials (optional)", &s.SessionToken),
			}
		}),
		optional("serviceAccount", "Google service account, for the Cloud Healthcare API", &u.ServiceAccount, func(g *signin.ServiceAccount) []setting {
			return []setting{secret("key", "JSON key of the account", &g.Key), texts("scopes", "default: the Cloud Platform scope", &g.Scopes)}
		}),
		section("tokenTLS", "TLS to the token endpoint", tlsClientSettings(&u.TokenTLS)...),
	}
}
