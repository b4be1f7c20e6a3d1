package fhir

import "github.com/veil-proxy/veil/mask/keys"

// importedIDs finds the rule that makes ids with the key of another tool. Ids and the
// references to them must agree, so there is one way for all resource types.
func (c *compiler) importedIDs() {
	first := true
	for i := range c.rules {
		m, _ := c.policy.Method(i)
		r, isRule := m.(*elementRule)
		if !isRule || r.op != opID {
			continue
		}
		if !first && r.importedKey != c.importedKey {
			c.problems.Add(c.rules[i].At, "rule %q: importedKey differs from that of another rule of method resourceId: ids and references to them must agree", c.rules[i].ID)
		}
		c.importedKey, first = r.importedKey, false
	}
}

// idSlot is the slot that ids of a resource type are sealed with.
func (c *compiler) idSlot(typ string) keys.Slot {
	if c.importedKey != "" {
		return c.policy.Keys.ImportedSlot(c.importedKey)
	}
	return c.policy.Keys.SealSlot(typ)
}
