package main

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	_ "github.com/mattn/go-sqlite3"
)

var roles = [...]string{"org.owner", "org.admin", "org.editor", "org.viewer", "app.owner", "app.admin", "app.editor",
	"app.viewer", "unknown"}

// The store: any number of readers, one writer.
type store struct {
	readers *sql.DB
	byKey   *sql.Stmt
	writer  *writer
}

func openStore(path string) (*store, error) {
	dsn := func(more url.Values) string {
		more.Set("_journal_mode", "WAL")
		more.Set("_busy_timeout", "5000")
		more.Set("mode", "rw")
		return "file:" + path + "?" + more.Encode()
	}
	readers, err := sql.Open("sqlite3", dsn(url.Values{"_query_only": {"1"}, "_synchronous": {"NORMAL"}}))
	if err != nil {
		return nil, err
	}
	byKey, err := readers.Prepare(`SELECT k.id, k.owner, k.role, k.permissions, k.revoked, k.expires_at,
		o.rowid, o.id, o.slug, o.enabled
		FROM keys k JOIN organizations o ON o.rowid = k.organization WHERE k.digest = ?`)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	writes, err := sql.Open("sqlite3", dsn(url.Values{"_synchronous": {"FULL"}, "_txlock": {"immediate"}, "_cache_size": {"-16384"}}))
	if err != nil {
		return nil, err
	}
	w, err := newWriter(context.Background(), writes)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	go w.run()
	return &store{readers: readers, byKey: byKey, writer: w}, nil
}

// Blocks until the create is durable or refused.
func (s *store) create(c *create) {
	s.writer.queue <- c
	<-c.done
}

func (s *store) close() {
	close(s.writer.queue)
	<-s.writer.stopped
}

// Nil without an error: no such key.
func (s *store) findKey(digest []byte) (*key, error) {
	var k key
	var id, owner, organization []byte
	var role int
	var permissions string
	var revoked bool
	err := s.byKey.QueryRow(digest).Scan(&id, &owner, &role, &permissions, &revoked, &k.expiresAt,
		&k.organizationRow, &organization, &k.organizationSlug, &k.enabled)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	k.id, k.owner, k.organization = hex.EncodeToString(id), hex.EncodeToString(owner), hex.EncodeToString(organization)
	k.role = roles[role]
	k.usable = !revoked && strings.Contains(permissions, permission)
	return &k, nil
}

const idempotencyKept = 24 * time.Hour
