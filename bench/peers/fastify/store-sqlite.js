import Database from 'better-sqlite3';
import { errors } from './errors.js';
import { Key, ROLES } from './keys.js';
import { answerOf, newId, renderProvider, renderRecord } from './record.js';
import { numberedSlug } from './slug.js';

const KEPT_MS = 24 * 3600 * 1000;
const MAX_BATCH = 256;
const MAX_HINTS = 1024;
// Checkpoints in the midst of a batch make every request of it wait; fewer and larger ones cost less.
const CHECKPOINT_PAGES = 16000;

export class SqliteStore {
  constructor(path) {
    const db = new Database(path, { fileMustExist: true, timeout: 5000 });
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('cache_size = -16384');
    db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    this.db = db;
    this.begin = db.prepare('BEGIN IMMEDIATE');
    this.commit = db.prepare('COMMIT');
    this.rollback = db.prepare('ROLLBACK');
    this.keyByDigest = db.prepare(`SELECT k.id, k.owner, k.role, k.permissions, k.revoked, k.expires_at,
      o.rowid AS organizationRow, o.id AS organization, o.slug, o.enabled
      FROM keys k JOIN organizations o ON o.rowid = k.organization WHERE k.digest = ?`);
    this.organizationByRow = db.prepare(`SELECT application_limit, applications, build_retention_days,
      builds_per_publication, default_provider FROM organizations WHERE rowid = ?`);
    this.count = db.prepare('UPDATE organizations SET applications = applications + ? WHERE rowid = ?');
    this.providerByRow = db.prepare('SELECT id, name, region, config, provider FROM providers WHERE rowid = ?');
    this.providerById = db.prepare(`SELECT id, name, region, config, provider FROM providers
      WHERE id = ? AND organization = ?`);
    this.insert = db.prepare(`INSERT INTO applications(organization, id, slug, created_at, data)
      VALUES(?, ?, ?, ?, CAST(? AS BLOB)) ON CONFLICT(organization, slug) DO NOTHING`);
    this.kept = db.prepare(`SELECT i.fingerprint, CAST(a.data AS TEXT) AS data FROM idempotency i
      JOIN applications a ON a.rowid = i.application WHERE i.request = ? AND i.expires_at > ?`);
    this.keep = db.prepare(`INSERT OR REPLACE INTO idempotency(expires_at, request, fingerprint, application)
      VALUES(?, ?, ?, ?)`);
    this.sweep = db.prepare(`DELETE FROM idempotency WHERE rowid IN
      (SELECT rowid FROM idempotency WHERE expires_at < ? ORDER BY rowid LIMIT 64)`);
    this.lastNumber = new Map();
  }

  findKey(digest) {
    const row = this.keyByDigest.get(digest);
    return row && new Key({
      ...row,
      id: row.id.toString('hex'),
      owner: row.owner.toString('hex'),
      role: ROLES[row.role],
      organization: row.organization.toString('hex'),
      enabled: row.enabled !== 0,
      revoked: row.revoked !== 0,
      expiresAt: row.expires_at,
    });
  }

  // One transaction for this request alone.
  createOne(c) {
    const [result] = this.write([c]);
    if (result instanceof Error || result.status) throw result;
    return result;
  }

  // Creates of one turn of the event loop share a transaction.
  groupCommit() {
    let waiting = [];
    const flush = () => {
      const batch = waiting.splice(0, MAX_BATCH);
      if (waiting.length > 0) setImmediate(flush);
      const results = this.write(batch.map(({ c }) => c));
      batch.forEach(({ resolve, reject }, i) => (typeof results[i] === 'string' ? resolve : reject)(results[i]));
    };
    return (c) => new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(flush);
      waiting.push({ c, resolve, reject });
    });
  }

  // For each create its answer's text, or the error.
  write(creates) {
    try {
      this.begin.run();
      const now = Date.now();
      const organizations = new Map();
      const results = creates.map((c) => this.create(c, this.organizationOf(c, organizations), now));
      for (const [row, organization] of organizations) {
        if (organization.created > 0) this.count.run(organization.created, row);
      }
      this.commit.run();
      return results;
    } catch (error) {
      if (this.db.inTransaction) this.rollback.run();
      return creates.map(() => Object.assign(error, errors.database));
    }
  }

  organizationOf(c, organizations) {
    let organization = organizations.get(c.key.organizationRow);
    if (organization === undefined) {
      organization = this.organizationByRow.get(c.key.organizationRow);
      organization.created = 0;
      if (organization.default_provider !== null) {
        organization.provider = renderProvider(this.providerByRow.get(organization.default_provider));
      }
      organizations.set(c.key.organizationRow, organization);
    }
    return organization;
  }

  create(c, organization, now) {
    if (c.request !== null) {
      this.sweep.run(now);
      const kept = this.kept.get(c.request, now);
      if (kept !== undefined) {
        if (!kept.fingerprint.equals(c.fingerprint)) return errors.keyReused;
        c.replayed = true;
        return answerOf(kept.data);
      }
    }
    let { provider } = organization;
    const named = c.body.configuration?.storageProvider;
    if (named && named !== '__DEFAULT__') {
      const row = this.providerById.get(Buffer.from(named, 'hex'), c.key.organizationRow);
      if (row === undefined) return errors.provider;
      provider = renderProvider(row);
    }
    const limit = organization.application_limit;
    if (limit !== null && organization.applications + organization.created >= limit) return errors.limit;

    const { record, row } = this.insertFree(c, organization, provider, now);
    organization.created++;
    if (c.request !== null) this.keep.run(now + KEPT_MS, c.request, c.fingerprint, row);
    return answerOf(record);
  }

  // Inserts under the first slug that is free, counting on from where the last search for this name ended.
  insertFree(c, organization, provider, now) {
    const id = newId(now);
    const base = c.slug === '' ? `app-${id.toString('hex').slice(16)}` : c.slug;
    let number = (this.lastNumber.get(base) ?? 0) + 1;
    for (;; number++) {
      const slug = number === 1 ? base : numberedSlug(base, number);
      const record = renderRecord(c, organization, provider, id, slug, now);
      const { changes, lastInsertRowid } = this.insert.run(c.key.organizationRow, id, slug, now, record);
      if (changes === 1) {
        if (number > 1) this.hint(base, number);
        return { record, row: lastInsertRowid };
      }
    }
  }

  hint(base, number) {
    if (this.lastNumber.size >= MAX_HINTS) this.lastNumber.clear();
    this.lastNumber.set(base, number);
  }
}
