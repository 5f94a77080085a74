import { createHash } from 'node:crypto';
import { errors } from './errors.js';

const PERMISSION = 'mad.application.management.create';
const VALID_MS = 30_000;
const INVALID_MS = 5_000;
const MAX_CACHED = 10_000;
const ROLES = ['org.owner', 'org.admin', 'org.editor', 'org.viewer', 'app.owner', 'app.admin', 'app.editor',
  'app.viewer', 'unknown'];

class Key {
  constructor(row) {
    this.id = row.id.toString('hex');
    this.owner = row.owner.toString('hex');
    this.role = ROLES[row.role];
    this.organization = row.organization.toString('hex');
    this.organizationSlug = row.slug;
    this.organizationRow = row.organizationRow;
    this.enabled = row.enabled !== 0;
    this.usable = row.revoked === 0 && row.permissions.includes(PERMISSION);
    this.expiresAt = row.expires_at;
  }

  mayCreateIn(organization) {
    if (!this.enabled) return false;
    if (organization === this.organization) return true;
    const lower = organization.toLowerCase();
    return lower === this.organization || lower === this.organizationSlug;
  }
}

// Keys authenticated lately, so that a request costs one hash and no look-up.
export class KeyCache {
  constructor(store) {
    this.store = store;
    this.entries = new Map();
  }

  authenticate(authorization) {
    if (authorization === undefined || !/^bearer ./i.test(authorization)) return { error: errors.noToken };
    const digest = createHash('sha256').update(authorization.slice(7)).digest();
    const cacheKey = digest.toString('latin1');
    const now = Date.now();
    let entry = this.entries.get(cacheKey);
    if (entry === undefined || entry.until < now) {
      const row = this.store.findKey(digest);
      entry = { key: row && new Key(row), until: now + (row ? VALID_MS : INVALID_MS) };
      if (this.entries.size >= MAX_CACHED) this.entries.clear();
      this.entries.set(cacheKey, entry);
    }
    const { key } = entry;
    if (!key || !key.usable || (key.expiresAt !== 0 && key.expiresAt <= now)) return { error: errors.unauthorized };
    return { key };
  }
}
