package keys

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"hash"
	"time"

	"github.com/veil-proxy/veil/internal/hmaclanes"
)

// Pseudonymizer holds the hash and cipher states of one pass, made once and reused: a
// reset HMAC costs a third of a new one. It must not be used concurrently.
type Pseudonymizer struct {
	ring   *Keyring
	states []keyState
	before *Pseudonymizer // of the retired key, once needed
	queue  queue
	sum    [64]byte
	// prefix and scratch are fields so that what is passed to a hash or cipher does not
	// escape to the heap each time.
	prefix  [4]byte
	message [hmaclanes.Longest]byte
	plain   [48]byte
	block   [16]byte
	out     [16]byte
	decoded [64]byte
}

// macKeySize is the bytes of a key of HMAC-SHA-512.
const macKeySize = 64

// keyState is the state of one slot. Its purpose decides which fields are set.
type keyState struct {
	mac   hash.Hash
	lanes *hmaclanes.Key // the key of mac, once a hash is queued
	block cipher.Block
	siv   *siv
	// last is the last message of PersonMAC, with its sum.
	last    []byte
	lastSum [64]byte
}

// NewPseudonymizer returns a new set of states over the keyring.
func (k *Keyring) NewPseudonymizer() *Pseudonymizer { return &Pseudonymizer{ring: k} }

// state returns the state of a slot, and creates it at first use.
func (p *Pseudonymizer) state(s Slot) *keyState {
	if int(s) >= len(p.states) {
		p.states = append(p.states, make([]keyState, int(s)+1-len(p.states))...)
	}
	st := &p.states[s]
	if st.mac == nil && st.block == nil {
		p.open(st, s)
	}
	return st
}

func (p *Pseudonymizer) open(st *keyState, s Slot) {
	key := p.ring.slotKey(s)
	if key.purpose == purposeImported {
		st.mac = hmac.New(sha256.New, p.ring.importedKey(key.domain))
		return
	}
	if key.purpose == purposePermute {
		st.block = newAES(p.ring.mustDerive(key.purpose, key.domain, 32))
		return
	}
	sub := p.ring.mustDerive(key.purpose, key.domain, macKeySize+32+32)
	st.mac = hmac.New(sha512.New, sub[:macKeySize])
	if key.purpose == purposeSeal {
		st.siv = newSIV(newAES(sub[macKeySize:96]), newAES(sub[96:]), []byte(p.ring.project), []byte(key.domain))
	}
}

// retired returns the states of the previous key and its slot, as long as that key may
// still open what it sealed.
func (p *Pseudonymizer) retired(s Slot) (*Pseudonymizer, Slot) {
	if p.ring.retired == nil || !time.Now().Before(p.ring.retiredUntil) {
		return nil, 0
	}
	if p.before == nil {
		p.before = p.ring.retired.NewPseudonymizer()
	}
	return p.before, p.ring.retired.slot(p.ring.slotKey(s))
}

// mustDerive derives a key of a fixed, short length, which cannot fail.
func (k *Keyring) mustDerive(purpose, domain string, n int) []byte {
	b, err := k.Derive(purpose, domain, n)
	if err != nil {
		panic("keys: HKDF refuses a short key")
	}
	return b
}

func newAES(key []byte) cipher.Block {
	b, err := aes.NewCipher(key)
	if err != nil {
		panic("keys: AES refuses a 256-bit key")
	}
	return b
}

// MAC1 returns HMAC-SHA-512 of one part under a slot. The part is preceded by its
// length as four big-endian bytes. The result is valid until the next call on p. Values
// collide if the part of the result that is used does: for b bits and n values, with
// odds of about n²/2^(b+1).
func (p *Pseudonymizer) MAC1(s Slot, part []byte) *[64]byte {
	st := p.state(s)
	if st.lanes != nil {
		if n := message1(p.message[:], part); n > 0 {
			if sum := p.queue.take(st.lanes, p.message[:n]); sum != nil {
				return sum
			}
		}
	}
	st.mac.Reset()
	p.write(st.mac, part)
	st.mac.Sum(p.sum[:0])
	return &p.sum
}

// PersonMAC is MAC1 of the name of a person. It remembers the last result of each slot,
// because the values of one person mostly follow each other.
func (p *Pseudonymizer) PersonMAC(s Slot, person []byte) *[64]byte {
	if st := p.state(s); len(st.last) == 0 || !bytes.Equal(st.last, person) {
		sum := p.MAC1(s, person)
		st = p.state(s)
		st.last, st.lastSum = append(st.last[:0], person...), *sum
		return &st.lastSum
	}
	return &p.states[s].lastSum
}

// MAC2 is MAC1 of two parts, each preceded by its length.
func (p *Pseudonymizer) MAC2(s Slot, a, b []byte) *[64]byte {
	st := p.state(s)
	if st.lanes != nil {
		if n := message2(p.message[:], a, b); n > 0 {
			if sum := p.queue.take(st.lanes, p.message[:n]); sum != nil {
				return sum
			}
		}
	}
	st.mac.Reset()
	p.write(st.mac, a)
	p.write(st.mac, b)
	st.mac.Sum(p.sum[:0])
	return &p.sum
}

func (p *Pseudonymizer) write(h hash.Hash, part []byte) {
	binary.BigEndian.PutUint32(p.prefix[:], uint32(len(part)))
	h.Write(p.prefix[:])
	h.Write(part)
}

// PermuteUUID replaces 16 bytes with their image under AES-256 with the slot's key: a
// permutation, so that no two values ever collide, and one that only the key can
// invert.
func (p *Pseudonymizer) PermuteUUID(s Slot, b *[16]byte) {
	st := p.state(s)
	p.block = *b
	st.block.Encrypt(p.out[:], p.block[:])
	*b = p.out
}
