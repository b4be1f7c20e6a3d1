package suite

import (
	"fmt"

	"github.com/veil-proxy/veil/selftest"
)

// Each calls f for everything that the attack runs over, with a matching canary: the first
// one of each table or column, or every one. An attack that runs once has no canary.
func (a *Attack) Each(canaries []selftest.Canary, fits func(*selftest.Canary) bool, f func(*selftest.Canary) error) error {
	if a.Over == Once {
		return f(nil)
	}
	done := map[string]bool{}
	for i := range canaries {
		c := &canaries[i]
		of := a.Of(c)
		if a.Over == EachCanary {
			of = fmt.Sprint(i)
		}
		if done[of] || !fits(c) {
			continue
		}
		done[of] = true
		if err := f(c); err != nil {
			return err
		}
	}
	return nil
}

// Of returns the name of what an attempt with a canary is about.
func (a *Attack) Of(c *selftest.Canary) string {
	switch {
	case c == nil:
		return ""
	case a.Over == EachTable:
		return c.Container()
	default:
		return c.Of()
	}
}
