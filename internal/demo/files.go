package demo

import (
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"

	"github.com/parquet-go/parquet-go"

	"github.com/veil-proxy/veil/internal/fhirtest"
)

// patient is a row of the demo's files. Nil is NULL.
type patient struct {
	ID        string  `parquet:"id"`
	MRN       *string `parquet:"mrn"`
	Family    *string `parquet:"family"`
	Given     *string `parquet:"given"`
	BirthDate *string `parquet:"birth_date"`
	Died      *string `parquet:"died"`
	Sex       *string `parquet:"sex"`
	State     *string `parquet:"state"`
	Zip       *string `parquet:"zip"`
}

// columns are those of a patient, in order.
var columns = []string{"id", "mrn", "family", "given", "birth_date", "died", "sex", "state", "zip"}

// patients are the rows of a population, with the values of the demo's tables.
func patients(p *fhirtest.Population) (list []patient, err error) {
	text := func(v any) *string {
		s, ok := v.(string)
		if !ok {
			return nil
		}
		return &s
	}
	for _, r := range p.Resources() {
		if r.Type != "Patient" {
			continue
		}
		v, err := row(r)
		if err != nil {
			return nil, err
		}
		list = append(list, patient{*text(v[0]), text(v[1]), text(v[2]), text(v[3]), text(v[4]), text(v[5]), text(v[6]), text(v[7]), text(v[8])})
	}
	return list, nil
}

// filesDir has the demo's patients as files.
func (d *demo) filesDir() string { return filepath.Join(d.dir, "files") }

// noteFile has a note.
func (d *demo) noteFile() string { return filepath.Join(d.dir, "note.txt") }

// note is of an invented patient.
const note = `Seen on 14 March 2024: Mr. John Smith (MRN 4471182), phone (555) 014-2277.
Lives at 12 Elm Street, Springfield, IL 62701. Parkinson's disease stable, Foley
catheter removed. Daughter Anna Smith will call Dr. Miller. BP 120/80.
`

// writeFiles writes the patients as CSV and as Parquet, and a note.
func (d *demo) writeFiles() error {
	if err := os.WriteFile(d.noteFile(), []byte(note), 0o600); err != nil {
		return err
	}
	list, err := patients(d.population)
	if err != nil {
		return err
	}
	if err := os.Mkdir(d.filesDir(), 0o700); err != nil {
		return err
	}
	if err := parquet.WriteFile(filepath.Join(d.filesDir(), "patients.parquet"), list); err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(d.filesDir(), "patients.csv"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	w := csv.NewWriter(f)
	err = w.Write(columns)
	for _, p := range list {
		record := []string{p.ID}
		for _, v := range []*string{p.MRN, p.Family, p.Given, p.BirthDate, p.Died, p.Sex, p.State, p.Zip} {
			if v == nil {
				v = new(string)
			}
			record = append(record, *v)
		}
		err = errors.Join(err, w.Write(record))
	}
	w.Flush()
	return errors.Join(err, w.Error(), f.Close())
}
