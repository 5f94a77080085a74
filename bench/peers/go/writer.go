package main

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log"
	"strconv"
	"time"
)

const (
	maxBatch = 256
	// Checkpoints in the midst of a batch make every request of it wait; fewer and larger ones cost less.
	checkpointPages = 16000
	maxHints        = 1024
)

type create struct {
	key         *key
	application *application
	request     []byte // nil without an Idempotency-Key
	fingerprint []byte

	answer   []byte
	replayed bool
	refusal  *apiError
	done     chan struct{}
}

type organization struct {
	limit                sql.NullInt64
	applications, before int64
	buildRetentionDays   int64
	buildsPerPublication int64
	defaultProvider      []byte // JSON
}

// One goroutine writes: what has gathered in the queue while it committed is the next transaction.
type writer struct {
	queue   chan *create
	stopped chan struct{}

	conn              *sql.Conn
	begin, commit     *sql.Stmt
	organizationByRow *sql.Stmt
	count             *sql.Stmt
	providerByRow     *sql.Stmt
	providerByID      *sql.Stmt
	insert            *sql.Stmt
	kept              *sql.Stmt
	keep              *sql.Stmt
	sweep             *sql.Stmt
	lastNumber        map[string]int // of names that were taken
}

func newWriter(ctx context.Context, db *sql.DB) (*writer, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, err
	}
	w := &writer{queue: make(chan *create, 4096), stopped: make(chan struct{}), conn: conn, lastNumber: map[string]int{}}
	if _, err := conn.ExecContext(ctx, "PRAGMA wal_autocheckpoint="+strconv.Itoa(checkpointPages)); err != nil {
		return nil, err
	}
	for _, s := range []struct {
		statement **sql.Stmt
		text      string
	}{
		{&w.begin, "BEGIN IMMEDIATE"},
		{&w.commit, "COMMIT"},
		{&w.organizationByRow, `SELECT application_limit, applications, build_retention_days, builds_per_publication,
			default_provider FROM organizations WHERE rowid = ?`},
		{&w.count, "UPDATE organizations SET applications = applications + ? WHERE rowid = ?"},
		{&w.providerByRow, "SELECT id, name, region, config, provider FROM providers WHERE rowid = ?"},
		{&w.providerByID, "SELECT id, name, region, config, provider FROM providers WHERE id = ? AND organization = ?"},
		{&w.insert, `INSERT INTO applications(organization, id, slug, created_at, data) VALUES(?, ?, ?, ?, ?)
			ON CONFLICT(organization, slug) DO NOTHING`},
		{&w.kept, `SELECT i.fingerprint, a.data FROM idempotency i JOIN applications a ON a.rowid = i.application
			WHERE i.request = ? AND i.expires_at > ?`},
		{&w.keep, `INSERT OR REPLACE INTO idempotency(expires_at, request, fingerprint, application)
			VALUES(?, ?, ?, ?)`},
		{&w.sweep, `DELETE FROM idempotency WHERE rowid IN
			(SELECT rowid FROM idempotency WHERE expires_at < ? ORDER BY rowid LIMIT 64)`},
	} {
		if *s.statement, err = conn.PrepareContext(ctx, s.text); err != nil {
			return nil, err
		}
	}
	return w, nil
}

func (w *writer) run() {
	defer close(w.stopped)
	batch := make([]*create, 0, maxBatch)
	for first := range w.queue {
		batch = append(batch[:0], first)
		batch = w.gather(batch)
		if err := w.write(batch); err != nil {
			log.Print(err)
			w.conn.ExecContext(context.Background(), "ROLLBACK")
			for _, c := range batch {
				c.answer, c.refusal = nil, errDatabase
			}
		}
		for _, c := range batch {
			close(c.done)
		}
	}
}

func (w *writer) gather(batch []*create) []*create {
	for len(batch) < maxBatch {
		select {
		case c, open := <-w.queue:
			if !open {
				return batch
			}
			batch = append(batch, c)
		default:
			return batch
		}
	}
	return batch
}

func (w *writer) write(batch []*create) error {
	if _, err := w.begin.Exec(); err != nil {
		return err
	}
	now := time.Now().UTC()
	organizations := map[int64]*organization{}
	swept := false
	for _, c := range batch {
		o := organizations[c.key.organizationRow]
		if o == nil {
			var err error
			if o, err = w.findOrganization(c.key.organizationRow); err != nil {
				return err
			}
			organizations[c.key.organizationRow] = o
		}
		if c.request != nil && !swept {
			if _, err := w.sweep.Exec(now.UnixMilli()); err != nil {
				return err
			}
			swept = true
		}
		if err := w.createOne(c, o, now); err != nil {
			return err
		}
	}
	for row, o := range organizations {
		if o.applications != o.before {
			if _, err := w.count.Exec(o.applications-o.before, row); err != nil {
				return err
			}
		}
	}
	_, err := w.commit.Exec()
	return err
}

func (w *writer) createOne(c *create, o *organization, now time.Time) error {
	if c.request != nil {
		var fingerprint, data []byte
		err := w.kept.QueryRow(c.request, now.UnixMilli()).Scan(&fingerprint, &data)
		if err == nil {
			if !bytes.Equal(fingerprint, c.fingerprint) {
				c.refusal = errKeyReused
				return nil
			}
			c.answer, c.replayed = append(append([]byte(beforeRecord), data...), '}'), true
			return nil
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return err
		}
	}
	provider := o.defaultProvider
	if c.application.provider != nil {
		var err error
		provider, err = scanProvider(w.providerByID.QueryRow(c.application.provider, c.key.organizationRow))
		if errors.Is(err, sql.ErrNoRows) {
			c.refusal = errProvider
			return nil
		}
		if err != nil {
			return err
		}
	}
	if o.limit.Valid && o.applications >= o.limit.Int64 {
		c.refusal = errLimit
		return nil
	}

	row, err := w.insertFree(c, o, provider, now)
	if err != nil {
		return err
	}
	o.applications++
	if c.request != nil {
		_, err = w.keep.Exec(now.Add(idempotencyKept).UnixMilli(), c.request, c.fingerprint, row)
	}
	return err
}

// Inserts under the first slug that is free, counting on from where the last search for this name ended.
func (w *writer) insertFree(c *create, o *organization, provider []byte, now time.Time) (int64, error) {
	id := newID(now)
	base := c.application.slug
	if base == "" {
		base = "app-" + hex.EncodeToString(id[8:])
	}
	slug, number := base, 1
	if last, known := w.lastNumber[base]; known {
		number = last + 1
		slug = numberedSlug(base, number)
	}
	for {
		c.answer = renderAnswer(c.application, c.key, o, provider, id[:], slug, now)
		data := c.answer[len(beforeRecord) : len(c.answer)-1]
		result, err := w.insert.Exec(c.key.organizationRow, id[:], slug, now.UnixMilli(), data)
		if err != nil {
			return 0, err
		}
		if changed, _ := result.RowsAffected(); changed == 1 {
			if number > 1 {
				w.hint(base, number)
			}
			return result.LastInsertId()
		}
		number++
		slug = numberedSlug(base, number)
	}
}

func (w *writer) hint(base string, number int) {
	if len(w.lastNumber) >= maxHints {
		w.lastNumber = map[string]int{}
	}
	w.lastNumber[base] = number
}

func (w *writer) findOrganization(row int64) (*organization, error) {
	var o organization
	var provider sql.NullInt64
	err := w.organizationByRow.QueryRow(row).Scan(&o.limit, &o.applications, &o.buildRetentionDays,
		&o.buildsPerPublication, &provider)
	if err != nil {
		return nil, err
	}
	o.before = o.applications
	if provider.Valid {
		if o.defaultProvider, err = scanProvider(w.providerByRow.QueryRow(provider.Int64)); err != nil {
			return nil, err
		}
	}
	return &o, nil
}

func scanProvider(row *sql.Row) ([]byte, error) {
	var id []byte
	p := struct {
		ID       string          `json:"id"`
		Name     string          `json:"name"`
		Region   string          `json:"region"`
		Config   json.RawMessage `json:"config"`
		Provider string          `json:"provider"`
	}{}
	var config string
	if err := row.Scan(&id, &p.Name, &p.Region, &config, &p.Provider); err != nil {
		return nil, err
	}
	p.ID, p.Config = hex.EncodeToString(id), json.RawMessage(config)
	return marshal(p), nil
}
