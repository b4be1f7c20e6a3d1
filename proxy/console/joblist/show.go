package joblist

import (
	"encoding/json"
	"errors"
)

// read reads what a job is to do and with what.
func (d *shown) read() error {
	return errors.Join(json.Unmarshal(d.Job.Spec, &d.Spec), json.Unmarshal(d.Job.Basis, &d.Basis))
}
