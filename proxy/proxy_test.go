package proxy

import (
	"strings"
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

func leads(value string) { panic(value) }

func TestStackNamesFunctionsAlone(t *testing.T) {
	told := ""
	func() {
		defer func() {
			if recover() != nil {
				told = Stack()
			}
		}()
		leads("a value")
	}()
	if !strings.Contains(told, "proxy.leads:") || strings.Contains(told, "a value") {
		t.Errorf("%q", told)
	}
}
