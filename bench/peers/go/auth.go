package main

import (
	"crypto/sha256"
	"strings"
	"sync"
	"time"
)

const (
	permission   = "mad.application.management.create"
	validFor     = 30 * time.Second
	invalidFor   = 5 * time.Second
	maxCachedKey = 10000
)

type key struct {
	id               string
	organization     string
	organizationSlug string
	organizationRow  int64
	owner            string
	role             string
	usable           bool
	enabled          bool
	expiresAt        int64
}

func (k *key) mayCreateIn(organization string) bool {
	return k.enabled && (strings.EqualFold(organization, k.organization) || strings.EqualFold(organization, k.organizationSlug))
}

type cachedKey struct {
	key   *key // nil: unknown
	until time.Time
}

// Keys authenticated lately, so that a request costs one hash and no look-up.
type keyCache struct {
	store   *store
	mutex   sync.RWMutex
	entries map[[sha256.Size]byte]cachedKey
}

func newKeyCache(s *store) *keyCache {
	return &keyCache{store: s, entries: make(map[[sha256.Size]byte]cachedKey)}
}

func (c *keyCache) authenticate(authorization string) (*key, *apiError) {
	const scheme = "bearer "
	if len(authorization) <= len(scheme) || !strings.EqualFold(authorization[:len(scheme)], scheme) {
		return nil, errNoToken
	}
	digest := sha256.Sum256([]byte(authorization[len(scheme):]))
	now := time.Now()

	c.mutex.RLock()
	entry, found := c.entries[digest]
	c.mutex.RUnlock()
	if !found || now.After(entry.until) {
		found, err := c.store.findKey(digest[:])
		if err != nil {
			return nil, errDatabase
		}
		entry = c.remember(digest, found, now)
	}
	k := entry.key
	if k == nil || !k.usable || (k.expiresAt != 0 && k.expiresAt <= now.UnixMilli()) {
		return nil, errUnauthorized
	}
	return k, nil
}

func (c *keyCache) remember(digest [sha256.Size]byte, k *key, now time.Time) cachedKey {
	entry := cachedKey{key: k, until: now.Add(validFor)}
	if k == nil {
		entry.until = now.Add(invalidFor)
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if len(c.entries) >= maxCachedKey {
		c.entries = make(map[[sha256.Size]byte]cachedKey)
	}
	c.entries[digest] = entry
	return entry
}
