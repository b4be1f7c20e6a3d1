package sqltest

// kind is what a generated expression may do with a value.
type kind uint8

const (
	number kind = iota
	text
	truth
	day
	moment
	label    // an enum
	sealed   // carried, compared within its class, grouped, counted
	person   // sealed and keyed by person: carried and tested for NULL
	document // JSON that is a FHIR resource
	composed // a text that is made of keyed values
	numbers  // an array
)

// column is a column that generated queries know.
type column struct {
	name string
	kind kind
	// class is what a sealed column can be compared with.
	class string
}

// relation is a relation that generated queries read.
type relation struct {
	name    string
	columns []column
}

func num(name string) column        { return column{name: name, kind: number} }
func txt(name string) column        { return column{name: name, kind: text} }
func is(name string) column         { return column{name: name, kind: truth} }
func date(name string) column       { return column{name: name, kind: day} }
func at(name string) column         { return column{name: name, kind: moment} }
func id(name, class string) column  { return column{name: name, kind: sealed, class: class} }
func who(name string) column        { return column{name: name, kind: person, class: name} }
func of(name string, k kind) column { return column{name: name, kind: k} }

// hashedInSQL are the classes of pseudonyms that PostgreSQL can compute.
var hashedInSQL = map[string]bool{"mrn": true, "uid": true, "iban": true, "doctor": true}

// relations are those of testdata/sql/schema.sql under its ruleset.
var relations = []relation{
	{"clinic.departments", []column{txt("name"), num("floor"), num("beds"), date("opened")}},
	{"clinic.patients", []column{
		id("id", "Patient"), of("sex", label), num("height_cm"), num("weight_kg"), date("birth_date"), is("active"), txt("language"),
		id("mrn", "mrn"), id("ssn", "ssn"), who("first_name"), who("last_name"), who("email"), txt("zip"), txt("state"),
		id("uid", "uid"), at("created_at"), num("bmi"), txt("phone"),
	}},
	{"clinic.encounters", []column{
		id("patient_id", "Patient"), txt("department"), num("los_days"), txt("class"), txt("icd10"), id("id", "Encounter"),
		id("patient_mrn", "mrn"), at("started_at"), at("ended_at"), num("cost"), id("attending", "doctor"),
	}},
	{"clinic.observations", []column{
		id("patient_id", "Patient"), txt("loinc"), num("value"), txt("unit"), is("abnormal"), id("id", "Observation"),
		id("encounter_id", "Encounter"), of("series", numbers),
	}},
	{"clinic.claims", []column{num("id"), id("patient_id", "Patient"), id("member_no", "member"), txt("payer"), num("amount"), txt("status"), date("service_date")}},
	{"clinic.claims_2024", []column{num("id"), id("patient_id", "Patient"), id("member_no", "member"), txt("payer"), num("amount"), date("service_date")}},
	{"clinic.stays", []column{num("id"), id("patient_id", "Patient"), at("admitted"), at("discharged"), at("planned"), date("arrived"), date("gone"), txt("ward")}},
	{"clinic.icd10_codes", []column{txt("code"), txt("description"), num("chapter")}},
	{"clinic.notes", []column{num("id"), id("encounter_id", "Encounter"), id("author", "doctor"), txt("note_type"), num("words"), txt("body")}},
	{"clinic.documents", []column{num("id"), id("patient_id", "Patient"), at("loaded_at"), of("doc", document)}},
	{"clinic.v_stays", []column{id("patient", "Patient"), id("encounter", "Encounter"), txt("class"), num("los_days"), num("floor"), who("last_name")}},
	{"clinic.v_active", []column{id("id", "Patient"), of("sex", label), num("height_cm"), date("birth_date"), id("ssn", "ssn")}},
	{"clinic.v_cohort", []column{txt("department"), of("sex", label), num("encounters"), num("patients")}},
	{"clinic.mv_patient_names", []column{id("id", "Patient"), who("last_name"), id("ssn", "ssn")}},
	{"billing.invoices", []column{num("no"), id("patient_id", "Patient"), id("iban", "iban"), num("amount"), txt("currency"), is("paid"), date("issued")}},
	{"clinic.staff", []column{num("id"), who("name"), txt("unit"), date("born"), num("grade"), id("npi", "npi")}},
	{`clinic."Ward List"`, []column{num(`"Ward No"`), num(`"Größe"`), who(`"select"`)}},
	{`"Straße"."Überweisung"`, []column{num(`"Schlüssel"`), who(`"Empfänger"`), num("betrag")}},
}
