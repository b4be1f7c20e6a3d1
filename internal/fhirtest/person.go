package fhirtest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// person is what the record of a patient says of them, in one place, so that
// its resources agree.
type person struct {
	index  int
	id     string
	gender string // administrative-gender

	culture               string
	given                 []string
	family, maiden        string
	nick, prefix, suffix  string
	motherMaiden, kin     string
	kinID                 string
	home                  place
	street, unit, zip     string
	lat, lon              string
	abroad                bool
	phone, mobile, email  string
	ssn, mrn, license     string
	passport, member      string
	employer, occupation  string
	born                  time.Time
	bornOnly              int // characters of the birth date that are known: 10, 7 or 4
	died                  time.Time
	dead                  bool // known to be dead, with or without a date
	twin                  int  // birth order, 0 for none
	marital, race, ethnic string
	language              string
	health                health
	doctor                int
	site                  int
}

// name is the person's name as staff write it.
func (p *person) name() mix {
	return mix{secret{"name", p.given[0]}, " ", secret{"name", p.family}}
}

// subject refers to the patient, in the form that the n-th resource uses.
func (p *person) subject(n int) obj {
	form := relative
	switch n % 23 {
	case 5:
		form = absolute
	case 11:
		form = versioned
	case 17:
		// A logical reference: the patient by number only.
		return obj{
			"type", "Patient",
			"identifier", obj{"system", mrnSystem, "value", secret{"mrn", p.mrn}},
			"display", p.name(),
		}
	}
	return reference(ref{"Patient", p.id, form}, p.name())
}

func (p *person) subjectIn(g *generator) obj { return p.subject(g.count) }

// age is the person's age in whole years on a day.
func (p *person) age(on time.Time) int {
	years := on.Year() - p.born.Year()
	if on.YearDay() < p.born.YearDay() {
		years--
	}
	return years
}

// minor reports that the person is under age today.
func (p *person) minor() bool { return p.age(today) < 18 }

// last is the last day of the person's record.
func (p *person) last() time.Time {
	if !p.died.IsZero() {
		return p.died
	}
	return today
}

// twinEvery is the distance between pairs of twins.
const twinEvery = 25

// person makes the person of an index. It depends on nothing but the seed and
// the index.
func (g *generator) person(index int) *person {
	was := g.r
	defer func() { g.r = was }()
	g.r = rand.New(rand.NewPCG(g.seed^0x9e3779b97f4a7c15, uint64(index)))
	p := &person{index: index, culture: cultures()[index%len(cultures())], bornOnly: 10}
	p.id = g.patientID(index)
	p.gender = []string{"female", "male"}[g.r.IntN(2)]
	if index%31 == 30 {
		p.gender = "other"
	}
	g.nameOf(p)
	g.live(p)
	g.homeOf(p)
	g.numbersOf(p)
	g.healthOf(p)
	p.doctor, p.site = g.r.IntN(practitioners), g.r.IntN(len(words()["organization"]))
	switch index % twinEvery {
	case 7:
		p.twin = 1
	case 8:
		sibling := g.person(index - 1)
		p.twin = 2
		p.culture, p.family, p.motherMaiden = sibling.culture, sibling.family, sibling.motherMaiden
		p.born, p.died, p.dead, p.bornOnly = sibling.born, time.Time{}, false, 10
		p.home, p.street, p.unit, p.zip = sibling.home, sibling.street, sibling.unit, sibling.zip
		p.lat, p.lon = sibling.lat, sibling.lon
	}
	return p
}

// patientID is the id of the patient of an index, which others may refer to
// before it is made.
func (g *generator) patientID(index int) string {
	r := rand.New(rand.NewPCG(g.seed^0xd1342543de82ef95, uint64(index)))
	sub := generator{r: r, index: index}
	switch index % 4 {
	case 1:
		return fmt.Sprint(51_000_000 + index*97 + r.IntN(97))
	case 2:
		return "pat-" + sub.letters(5) + fmt.Sprintf("-%04d", index)
	}
	return sub.uuid()
}

func (g *generator) nameOf(p *person) {
	sex := p.gender
	if sex == "other" {
		sex = "female"
	}
	list := words()[sex+":"+p.culture]
	p.given = []string{list[g.r.IntN(len(list))], words()[sex+":en"][g.r.IntN(8)]}
	families := words()["family:"+p.culture]
	p.family = pick(g, families)
	p.maiden, p.motherMaiden = pick(g, words()["family:en"]), pick(g, words()["family:"+pick(g, cultures())])
	// The next of kin shares the family name but never the given one.
	kin := words()["female:"+p.culture]
	at := g.r.IntN(len(kin))
	if kin[at] == p.given[0] {
		at = (at + 1) % len(kin)
	}
	p.kin = kin[at] + " " + p.family
	p.nick = pick(g, words()["nick"])
	p.prefix = map[string]string{"female": "Ms.", "male": "Mr.", "other": "Mx."}[p.gender]
	if g.chance(6) {
		p.suffix = pick(g, []string{"Jr.", "III", "PhD"})
	}
}

// live sets birth and death.
func (g *generator) live(p *person) {
	var years int
	switch p.index % 10 {
	case 3:
		years = 90 + g.r.IntN(18)
	case 9:
		years = 1 + g.r.IntN(16)
	default:
		years = 18 + g.r.IntN(70)
	}
	p.born = today.AddDate(-years, 0, -1-g.r.IntN(364))
	switch p.index % 20 {
	case 3: // died at over 89: the last day is within the last year
		p.dead, p.died = true, today.AddDate(0, 0, -g.r.IntN(200))
		if p.age(p.died) < 90 {
			p.born = p.born.AddDate(-1, 0, 0)
		}
	case 6:
		p.dead, p.died = true, today.AddDate(-g.r.IntN(8), -1, -g.r.IntN(300))
		if p.died.Before(p.born) {
			p.died = today.AddDate(0, 0, -1)
		}
	case 16:
		p.dead = true // nobody wrote down when
	}
	switch p.index % 17 {
	case 11:
		p.bornOnly = 7
	case 15:
		p.bornOnly = 4
	}
}

// restrictedPlaces are the first places of words.tsv, in areas where few people live.
const restrictedPlaces = 14

func (g *generator) homeOf(p *person) {
	list := places("place")
	few, many := list[:restrictedPlaces], list[restrictedPlaces:]
	switch {
	case p.index%7 == 4:
		p.home = few[p.index/7%len(few)]
	case p.index%twinEvery == 20:
		p.abroad = true
		p.home = pick(g, places("abroad"))
	default:
		p.home = many[(p.index*5+g.r.IntN(3))%len(many)]
	}
	p.street = fmt.Sprintf("%d %s", 10+g.r.IntN(9980), pick(g, words()["street"]))
	if g.chance(3) {
		p.unit = fmt.Sprintf("Apartment %d-%s", 1+g.r.IntN(40), g.token(2))
	}
	p.zip = p.home.zip
	if !p.abroad && g.chance(3) {
		p.zip += "-" + g.digits(4)
	}
	p.lat = fmt.Sprintf("%.6f", 25+g.r.Float64()*22)
	p.lon = fmt.Sprintf("-%.6f", 70+g.r.Float64()*50)
}

func (g *generator) numbersOf(p *person) {
	p.phone = fmt.Sprintf("(%d) 555-%s", 201+g.r.IntN(780), g.digits(4))
	p.mobile = fmt.Sprintf("+1-%d-555-%s", 201+g.r.IntN(780), g.digits(4))
	p.email = fmt.Sprintf("%s.%s%d@mail.example.com", g.letters(5), g.letters(7), p.born.Year()%100)
	// Numbers from 900 up were never issued.
	p.ssn = fmt.Sprintf("9%s-%s-%s", g.digits(2), g.digits(2), g.digits(4))
	p.mrn = fmt.Sprintf("MRN%s", g.digits(8))
	p.license = fmt.Sprintf("%s%s", "S", g.digits(8))
	p.passport = fmt.Sprintf("X%s%s", g.digits(8), "X")
	p.member = fmt.Sprintf("HL%s", g.token(10))
	p.employer, p.occupation = pick(g, words()["employer"]), pick(g, words()["occupation"])
	p.marital = pick(g, []string{"M", "S", "D", "W"})
	if p.minor() {
		p.marital, p.occupation = "S", "pupil"
	}
	race := map[string]string{"zh": "2028-9", "vi": "2028-9", "yo": "2054-5", "haw": "2076-8"}[p.culture]
	if race == "" {
		race = "2106-3"
	}
	p.race, p.ethnic = race, "2186-5"
	p.language = map[string]string{"es": "es", "pl": "pl", "de": "de", "zh": "zh", "vi": "vi", "ar": "ar", "fr": "fr"}[p.culture]
	if p.culture == "es" {
		p.ethnic = "2135-2"
	}
	if p.language == "" {
		p.language = "en"
	}
}

// sentence fills a note of words.tsv with what is known of p.
func (g *generator) sentence(p *person, day time.Time) mix {
	template := pick(g, words()["note"])
	values := map[string]any{
		"name": p.name(), "given": secret{"name", p.given[0]}, "family": secret{"name", p.family},
		"nick": secret{"name", p.nick}, "kin": secret{"name", p.kin},
		"street": secret{"street", p.street}, "city": secret{"city", p.home.city}, "zip": secret{"zip", p.zip},
		"phone": secret{"phone", p.phone}, "email": secret{"email", p.email},
		"ssn": secret{"ssn", p.ssn}, "mrn": secret{"mrn", p.mrn},
		"employer": secret{"employer", p.employer}, "occupation": secret{"occupation", p.occupation},
		"date": secret{"date", day.Format(time.DateOnly)},
	}
	// The text between the blanks is a note too: none of it may pass.
	var m mix
	for template != "" {
		before, rest, ok := strings.Cut(template, "{")
		if before != "" {
			m = append(m, secret{"note", before})
		}
		if !ok {
			break
		}
		name, after, _ := strings.Cut(rest, "}")
		m = append(m, values[name])
		template = after
	}
	return m
}

// plain is the text of a mix.
func (m mix) plain() string {
	var b strings.Builder
	for _, p := range m {
		switch p := p.(type) {
		case string:
			b.WriteString(p)
		case hidden:
			b.WriteString(string(p))
		case secret:
			b.WriteString(p.value)
		case mix:
			b.WriteString(p.plain())
		}
	}
	return b.String()
}
