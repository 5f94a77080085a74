import { createHash } from 'node:crypto';
import { errors } from './errors.js';

const PERMISSION = 'mad.application.management.create';
const VALID_MS = 30_000;
const INVALID_MS = 5_000;
const MAX_CACHED = 10_000;
export const ROLES = ['org.owner', 'org.admin', 'org.editor', 'org.viewer', 'app.owner', 'app.admin', 'app.editor',
  'app.viewer', 'unknown'];

export class Key {
  constructor(found) {
    this.id = found.id;
    this.owner = found.owner;
    this.role = found.role;
    this.organization = found.organization;
    this.organizationSlug = found.slug;
    this.organizationRow = found.organizationRow; // SQLite's
    this.enabled = found.enabled;
    this.usable = !found.revoked && found.permissions.includes(PERMISSION);
    this.expiresAt = found.expiresAt; // 0: never
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

  // Calls `done` with a key or an error; at once when the key is known.
  authenticate(authorization, done) {
    if (authorization === undefined || !/^bearer ./i.test(authorization)) return done(undefined, errors.noToken);
    const digest = createHash('sha256').update(authorization.slice(7)).digest();
    const cacheKey = digest.toString('latin1');
    const entry = this.entries.get(cacheKey);
    if (entry !== undefined && entry.until >= Date.now()) return finish(entry.key, done);
    return Promise.resolve(this.store.findKey(digest)).then((key) => {
      this.remember(cacheKey, key);
      finish(key, done);
    }, () => done(undefined, errors.database));
  }

  remember(cacheKey, key) {
    if (this.entries.size >= MAX_CACHED) this.entries.clear();
    this.entries.set(cacheKey, { key, until: Date.now() + (key ? VALID_MS : INVALID_MS) });
  }
}

function finish(key, done) {
  const isGood = key && key.usable && (key.expiresAt === 0 || key.expiresAt > Date.now());
  return isGood ? done(key) : done(undefined, errors.unauthorized);
}
