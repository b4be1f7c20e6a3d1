package config

import (
	"slices"

	"github.com/veil-proxy/veil/proxy/consumer"
	"github.com/veil-proxy/veil/proxy/consumer/keyfile"
)

// readKeys reads the files of keys.
func (c *Config) readKeys() {
	read := func(setting, path string) (all []keyfile.Entry, unread bool) {
		if path == "" || c.problems.unread(setting) {
			return nil, path != ""
		}
		all, err := keyfile.Read(path)
		c.problems.take(setting, err)
		return all, err != nil
	}
	c.Consumers.filed, c.Consumers.unread = read("consumers.keysFile", c.Consumers.KeysFile)
	c.Operator.filed, c.Operator.unread = read("operator.keysFile", c.Operator.KeysFile)
}

// FiledKeys are those of KeysFile.
func (c *Consumers) FiledKeys() []keyfile.Entry { return c.filed }

// AllKeys are those of the configuration and of KeysFile.
func (c *Consumers) AllKeys() []consumer.Key { return withFiled(c.Keys, c.filed) }

// FiledKeys are those of KeysFile.
func (o *Operator) FiledKeys() []keyfile.Entry { return o.filed }

// AllKeys are those of the configuration and of KeysFile.
func (o *Operator) AllKeys() []consumer.Key { return withFiled(o.Keys, o.filed) }

func withFiled(keys []consumer.Key, filed []keyfile.Entry) []consumer.Key {
	all := slices.Clone(keys)
	for i := range filed {
		all = append(all, filed[i].Key)
	}
	return all
}
