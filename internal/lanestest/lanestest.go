// Package lanestest checks that formats mask batches of rows exactly as they mask one row at
// a time.
package lanestest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/veil-proxy/veil/internal/hmaclanes"
)

// Rules is a list of rules that use every method that hashes, on Columns.
const Rules = `
    {id: key, match: {column: id}, method: pseudonym},
    {id: uuid, match: {column: uuid}, method: pseudonym, shape: uuid},
    {id: number, match: {column: number}, method: pseudonym, shape: int, domain: numbers},
    {id: code, match: {column: code}, method: pseudonym, shape: same},
    {id: digits, match: {column: digits}, method: pseudonym, shape: digits, length: 12},
    {id: card, match: {column: card}, method: imitate, kind: luhn},
    {id: name, match: {column: name}, method: surrogate, kind: person, entity: id},
    {id: town, match: {column: town}, method: surrogate, kind: city, perValue: true},
    {id: seen, match: {column: seen}, method: date, mode: shift, entity: id},
    {id: left, match: {column: left}, method: date, mode: shift, entity: id},
    {id: cost, match: {column: cost}, method: noise, within: "5"},
    {id: sealed, match: {column: sealed}, method: seal, domain: Patient},
    {id: some, match: {column: note}, method: pseudonym, shape: hex, where: {column: kind, in: [a, b]}},
    {id: rest, match: {column: note}, method: surrogate, kind: street, entity: id},
    {id: kept, match: {column: kind}, method: keep}`

// Columns are those of the rows.
var Columns = []string{"id", "uuid", "number", "code", "digits", "card", "name", "town", "seen", "left", "cost", "sealed", "note", "kind"}

// Null stands for NULL in rows.
const Null = "\x00"

// Rows makes rows from a seed: values that repeat and that do not, NULL, empty and long ones,
// and values that methods do not accept.
func Rows(seed uint64, n int) [][]string {
	r := rand.New(rand.NewPCG(seed, 1))
	distinct := 1 + r.IntN(2*n+1)
	rows := make([][]string, n)
	for i := range rows {
		k := r.IntN(distinct)
		row := []string{
			fmt.Sprintf("p-%d", k/2), fmt.Sprintf("%08x-5f2c-4d6e-9a0b-%012x", k, k*7), fmt.Sprint(k * k % 100_003), fmt.Sprintf("AB-%04d/x", k),
			fmt.Sprint(k), fmt.Sprintf("4111 1111 1111 %04d", k%10_000), fmt.Sprintf("O'Name, \"%d\" \\ é", k), fmt.Sprintf("Town %d", k%7),
			fmt.Sprintf("20%02d-0%d-1%d", k%30, 1+k%9, k%10), fmt.Sprintf("20%02d-1%d-0%d", k%30, k%3, 1+k%9), fmt.Sprintf("%d.%02d", k, k%100),
			fmt.Sprintf("s%d", k), fmt.Sprintf("note %d", k), string("abcd"[k%4]),
		}
		for c := range row {
			switch r.IntN(40) {
			case 0:
				row[c] = Null
			case 1:
				row[c] = ""
			case 2:
				row[c] = strings.Repeat(row[c]+".", 1+r.IntN(60))
			case 3:
				row[c] = "x"
			}
		}
		rows[i] = row
	}
	return rows
}

// Alike fails if the result of mask depends on how many values are hashed side by side, or if
// none are although the processor supports it. The test must not be parallel: the number of
// lanes is global to the process.
func Alike(t *testing.T, rows int, mask func() string) {
	t.Helper()
	want := ""
	for _, lanes := range []int{1, 4, 8} {
		restore := hmaclanes.Limit(lanes)
		width, before := hmaclanes.Width(), hmaclanes.SideBySide()
		got := mask()
		used := hmaclanes.SideBySide() - before
		restore()
		if lanes == 1 {
			want = got
		}
		if got != want {
			t.Errorf("%d lanes: the output is another one than with one", lanes)
		}
		if enough := rows >= 50; width == 1 && used > 0 || width > 1 && enough && used == 0 {
			t.Errorf("%d lanes: %d hashes were computed side by side", width, used)
		}
	}
	if want == "" && rows > 0 {
		t.Error("nothing was masked")
	}
}
