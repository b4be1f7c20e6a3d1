package joblist

import (
	"encoding/json"
	"errors"
)

// read decodes the spec and the basis of a job.
func (d *shown) read() error {
	return errors.Join(json.Unmarshal(d.Job.Spec, &d.Spec), json.Unmarshal(d.Job.Basis, &d.Basis))
}
