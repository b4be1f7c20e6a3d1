package ruleset

import (
	"strings"

	"github.com/veil-proxy/veil/internal/strictyaml"
	"github.com/veil-proxy/veil/internal/suggest"
	"github.com/veil-proxy/veil/mask"
)

// Users come from other tools. Names from these tools are refused like any unknown name,
// but with a hint to the name here.

// foreignMethods are methods of other tools, in lower case and without separators, and
// what to write instead.
var foreignMethods = map[string]string{
	"redact": `"remove"`, "delete": `"remove"`, "drop": `"remove"`, "suppress": `"remove"`, "nullify": `"remove"`, "null": `"remove"`, "setnull": `"remove"`, "blank": `"remove"`, "clear": `"remove"`,
	"skip": `"keep"`, "passthrough": `"keep"`, "donottransform": `"keep"`, "none": `"keep"`, "retain": `"keep"`, "allow": `"keep"`,
	"cryptohash": `"pseudonym", or "resourceId" for ids that references follow`, "hash": `"pseudonym"`, "hmac": `"pseudonym"`, "sha256": `"pseudonym"`, "md5": `"pseudonym"`, "md5hash": `"pseudonym"`,
	"pseudonymize": `"pseudonym"`, "pseudonymise": `"pseudonym"`, "tokenize": `"pseudonym"`, "tokenise": `"pseudonym"`, "cryptohashconfig": `"pseudonym"`, "cryptodeterministicconfig": `"seal"`, "cryptoreplaceffxfpeconfig": `"pseudonym"`, "fpe": `"pseudonym" in the format of its input`,
	"encrypt": `"seal" for ids, which only Veil opens, or "pseudonym"`, "encryption": `"seal" for ids, or "pseudonym"`, "reversible": `"seal" for ids`,
	"dateshift": `"date" with "mode: shift"`, "dateshiftconfig": `"date" with "mode: shift"`, "shiftdate": `"date" with "mode: shift"`, "datejitter": `"date" with "mode: shift"`, "noisedate": `"date" with "mode: shift"`, "randomdate": `"date" with "mode: shift"`, "addnoise": `"noise"`,
	"perturb": `"noise"`, "noisenumeric": `"noise"`, "jitter": `"noise"`, "randomnoise": `"noise"`,
	"substitute": `"fixed"`, "replace": `"fixed"`, "constant": `"fixed"`, "static": `"fixed"`, "replaceconfig": `"fixed"`, "default": `"fixed"`, "replacewithinfotypeconfig": `"remove"`, "template": `"fixed"`,
	"fake": `"surrogate"`, "faker": `"surrogate"`, "synthesize": `"surrogate"`, "dummy": `"surrogate"`, "randomperson": `"surrogate"`, "randomize": `"surrogate" or "pseudonym"`,
	"partial": `"characters" or "substring"`, "mask": `"characters"`, "masking": `"characters"`, "charactermaskconfig": `"characters"`, "regexpreplace": `"substring"`, "truncate": `"substring"`,
	"bucketing": `"bucket" or "generalize"`, "fixedsizebucketingconfig": `"bucket"`, "bucketingconfig": `"generalize"`, "binning": `"bucket"`, "range": `"bucket"`, "timepartconfig": `"date"`, "generalise": `"generalize"`,
	"inspect": `"remove": free text is not searched for names here`, "inspectandtransform": `"remove"`, "scrub": `"remove"`,
}

// foreignKeys are keys of other tools' files.
var foreignKeys = map[string]string{
	"fhirpathrules":             `rules go under fhir: rules:, each with id, match (a path) and method`,
	"pathrules":                 `rules go under fhir: rules:, each with id, match (a path) and method`,
	"fhirversion":               `the version of FHIR is fhir: version:, and R4 is the one there is`,
	"processingerror":           `what cannot be masked is always refused; veil mask --rejects keeps the lines`,
	"processingerrors":          `what cannot be masked is always refused; veil mask --rejects keeps the lines`,
	"parameters":                `arguments go next to the method in each rule; keys are never in a ruleset`,
	"dateshiftkey":              `keys are never in a ruleset: see veil keys new`,
	"cryptohashkey":             `keys are never in a ruleset: see veil keys new`,
	"encryptkey":                `keys are never in a ruleset: see veil keys new`,
	"dateshiftscope":            `dates are shifted by patient`,
	"fieldmetadatalist":         `rules go under fhir: rules:, each with id, match (a path) and method`,
	"deidentifyconfig":          `rules go under fhir: rules:, each with id, match (a path) and method`,
	"primitivetransformations":  `rules go under fhir: rules:, each with id, match (a path) and method`,
	"path":                      `write "match"`,
	"paths":                     `write "match", which takes a list too`,
	"fhirpath":                  `write "match"`,
	"action":                    `write "method"`,
	"transformation":            `write "method"`,
	"transformer":               `write "method"`,
	"transformers":              `tables have tables: rules:, each with id, match and method`,
	"transformation_operations": `tables have tables: rules:, each with id, match and method`,
	"operators":                 `write "method"`,
	"security":                  `labels are added to meta.security automatically`,
}

// hint suggests what may have been meant by an unknown method.
func hint(ms mask.Methods, name string) string {
	if h := strictyaml.Elsewhere(foreignMethods, name); h != "" {
		return ": here it is " + strings.TrimPrefix(h, ": here, ")
	}
	return suggest.DidYouMean(name, ms.Names())
}

// method reads the single method of a rule.
func (r *rulesetReader) method(n strictyaml.Node) string {
	if n.IsList() {
		r.Bad(n, "a rule has one method, since its result is not masked again: write the one that removes most, such as year instead of [date, year]")
		return ""
	}
	s, _ := r.Text(n)
	return s
}
