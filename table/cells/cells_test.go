package cells

import (
	"math"
	"math/big"
	"testing"
)

// TestFloats holds the texts of floats: PostgreSQL's, and numpy's digits for 16 bits.
func TestFloats(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		v    float64
		size int
		want string
	}{
		{0, 64, "0"}, {math.Copysign(0, -1), 64, "-0"}, {0.1, 64, "0.1"}, {-7, 64, "-7"}, {1e14, 64, "100000000000000"},
		{1e15, 64, "1e+15"}, {123456789012345680, 64, "1.2345678901234568e+17"}, {0.0001, 64, "0.0001"}, {0.00001, 64, "1e-05"},
		{1e300, 64, "1e+300"}, {math.NaN(), 64, "NaN"}, {math.Inf(1), 32, "Infinity"}, {math.Inf(-1), 64, "-Infinity"},
		{float64(float32(0.1)), 32, "0.1"}, {float64(float32(1e6)), 32, "1e+06"}, {float64(float32(123456.7)), 32, "123456.7"},
		{float64(float32(16777216)), 32, "1.6777216e+07"}, {Half(0x2e66), 16, "0.1"}, {Half(0x3c00), 16, "1"}, {Half(0x7bff), 16, "65500"}, {Half(1), 16, "6e-08"},
	} {
		if got := string(AppendFloat(nil, c.v, c.size)); got != c.want {
			t.Errorf("%v in %d bits: %s, want %s", c.v, c.size, got, c.want)
		}
	}
	for h := range 1 << 16 {
		if f := Half(uint16(h)); !math.IsNaN(f) && HalfOf(f) != uint16(h) {
			t.Fatalf("%#x is %v, and that %#x", h, f, HalfOf(f))
		}
	}
	for _, c := range []struct {
		v    float64
		want uint16
	}{{65519, 0x7bff}, {65520, 0x7c00}, {1e-9, 0}, {2049, 0x6800}, {2051, 0x6802}} {
		if got := HalfOf(c.v); got != c.want {
			t.Errorf("%v is %#x, want %#x", c.v, got, c.want)
		}
	}
}

// TestDecimals holds that decimals are written with their digits and read back.
func TestDecimals(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		unscaled int64
		scale    int
		want     string
	}{
		{0, 0, "0"}, {0, 2, "0.00"}, {5, 2, "0.05"}, {-5, 3, "-0.005"}, {150, 2, "1.50"}, {99, 2, "0.99"}, {-12345, 2, "-123.45"}, {7, -2, "700"},
		{math.MinInt64, 18, "-9.223372036854775808"}, {math.MaxInt64, 20, "0.09223372036854775807"},
	} {
		if got := string(AppendSmallDecimal(nil, c.unscaled, c.scale)); got != c.want {
			t.Errorf("%d, %d: %s, want %s", c.unscaled, c.scale, got, c.want)
		}
		if got := string(AppendDecimal(nil, big.NewInt(c.unscaled), c.scale)); got != c.want {
			t.Errorf("%d, %d as a big number: %s, want %s", c.unscaled, c.scale, got, c.want)
		}
		if n, ok := ParseDecimal([]byte(c.want), max(c.scale, 0)); c.scale >= 0 && (!ok || n.Int64() != c.unscaled) {
			t.Errorf("%s is read as %v", c.want, n)
		}
	}
	for _, bad := range []string{"", "-", ".5", "1e5", "0x1", "1.234", "--1", "1.-2", "NaN"} {
		if _, ok := ParseDecimal([]byte(bad), 2); ok {
			t.Errorf("%q is read", bad)
		}
	}
}

// TestTimes holds that days and moments are written and read back.
func TestTimes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		days int64
		want string
	}{{0, "1970-01-01"}, {-1, "1969-12-31"}, {19782, "2024-02-29"}, {-719162, "0001-01-01"}, {-719163, "0001-12-31 BC"}, {2932897, "10000-01-01"}} {
		if got := string(AppendDate(nil, c.days)); got != c.want {
			t.Errorf("day %d is %s, want %s", c.days, got, c.want)
		}
	}
	for days := int64(-719162); days < 3000000; days += 13 {
		if got, ok := ParseDate(AppendDate(nil, days)); !ok || got != days {
			t.Fatalf("day %d is read as %d", days, got)
		}
	}
	for _, c := range []struct {
		seconds, nanos int64
		utc            bool
		want           string
	}{
		{0, 0, false, "1970-01-01 00:00:00"}, {-1, 500_000_000, true, "1969-12-31 23:59:59.5+00"}, {1e9, 123, false, "2001-09-09 01:46:40.000000123"},
		{-62135596801, 0, true, "0001-12-31 23:59:59+00 BC"},
	} {
		got := AppendTimestamp(nil, c.seconds, c.nanos, c.utc)
		if string(got) != c.want {
			t.Errorf("%s, want %s", got, c.want)
		}
		if s, n, ok := ParseTimestamp(got); c.seconds > -62135596801 && (!ok || s != c.seconds || n != c.nanos) {
			t.Errorf("%s is read as %d, %d", got, s, n)
		}
	}
	if s, _, ok := ParseTimestamp([]byte("2020-01-01T00:00:00+02:30")); !ok || s != 1577827800 {
		t.Error(s, ok)
	}
	for _, bad := range []string{"", "2020", "2020-02-30", "2020-13-01", "2020-1-1", "2020-01-01 ", "2020-01-01 25:00:00", "2020-01-01 00:00:00+0", "2020-01-01 00:00:00 BC", "x"} {
		if _, _, ok := ParseTimestamp([]byte(bad)); ok {
			t.Errorf("%q is read", bad)
		}
	}
	if n, ok := parseTime(AppendTime(nil, 3_723_000_000_400)); !ok || n != 3_723_000_000_400 {
		t.Error(n, ok)
	}
	for want, c := range map[string][3]int64{
		"00:00:00": {}, "1 year 2 mons": {14, 0, 0}, "1 day 00:00:00.5": {0, 1, 5e8}, "-3 days": {0, -3, 0}, "-04:05:06": {0, 0, -14706e9},
	} {
		if got := string(AppendInterval(nil, c[0], c[1], c[2])); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// TestUUIDs holds that a UUID is read as it is written.
func TestUUIDs(t *testing.T) {
	t.Parallel()
	text := "00112233-4455-6677-8899-aabbccddeeff"
	id, ok := AppendUUIDBytes(nil, []byte(text))
	if got := string(AppendUUID(nil, id)); !ok || got != text {
		t.Error(got, ok)
	}
	if _, ok := AppendUUIDBytes(nil, []byte("00112233-4455-6677-8899-aabbccddeef")); ok {
		t.Error("a short one is read")
	}
}
