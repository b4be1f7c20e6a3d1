package proxy

import (
	"testing"
	"time"
)

func TestLimit(t *testing.T) {
	for _, c := range []struct{ given, want int }{{0, 7}, {3, 3}} {
		if v := c.given; Limit("Connections", &v, 7) != nil || v != c.want {
			t.Errorf("%d becomes %d, want %d", c.given, v, c.want)
		}
	}
	v := -time.Second
	if err := Limit("IdleTimeout", &v, time.Minute); err == nil || err.Error() != "limit IdleTimeout is negative" {
		t.Errorf("a negative limit: %v", err)
	}
}
