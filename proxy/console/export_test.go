package console

import (
	"time"

	"github.com/veil-proxy/veil/proxy/consumer"
)

// SlowDown replaces how failed logins slow down those that follow.
func (c *Console) SlowDown(first, most time.Duration) {
	c.shared.SlowDown(consumer.NewAttemptsWith(first, most))
}
