// Package keys derives every key of a project from one secret, and makes everything
// that needs a key: pseudonyms, keyed numbers, sealed ids and tokens.
//
//	secret, err := keys.ReadFile("veil.key")
//	ring, err := keys.NewKeyring(secret, "trial-17")
//	states := ring.NewPseudonymizer()
//	id, ok := states.AppendSealed(nil, ring.SealSlot("Patient"), []byte("17"))
package keys
