package pool

import (
	"maps"
	"slices"
	"testing"

	"github.com/veil-proxy/veil/postgres/catalog"
)

// What newer versions sort by originals is switched off there, and not asked of those
// that do not know it.
func TestSettingsOfVersions(t *testing.T) {
	for version, want := range map[string][]string{
		"15.18 (Debian 15.18-0+deb12u1)": nil, "9.6.24": nil, "": nil, "devel": nil,
		"16.1":      {"enable_presorted_aggregate"},
		"17beta1":   {"enable_group_by_reordering", "enable_presorted_aggregate"},
		"18.0":      {"enable_distinct_reordering", "enable_group_by_reordering", "enable_presorted_aggregate"},
		"999999999": {"enable_distinct_reordering", "enable_group_by_reordering", "enable_presorted_aggregate"},
	} {
		settings := catalog.VersionSettings(int(majorVersion(version)))
		if got := slices.Sorted(maps.Keys(settings)); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", version, got, want)
		}
		for name, value := range settings {
			if value != "off" {
				t.Errorf("%s is %q", name, value)
			}
		}
	}
}
