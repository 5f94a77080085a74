// The store of a service on MongoDB, as its authors would write it: the mongodb driver, unique indexes that decide, and
// plans remembered for a second.
import { Binary, MongoBulkWriteError, MongoClient, ObjectId } from 'mongodb';
import { errors } from './errors.js';
import { Key } from './keys.js';
import { answerOf, newId, renderProvider, renderRecord } from './record.js';
import { numberedSlug } from './slug.js';

const KEPT_MS = 24 * 3600 * 1000;
const PLAN_MS = 1000;
const MAX_BATCH = 256;
const MAX_TRIES = 16;
const DUPLICATE = 11000;
const PLATFORM = { ota: false, forceUpdate: false, minVersion: '', forceAuth: false };
const SCRIPTS = ['preInstall', 'postInstall', 'audit', 'enforce', 'runner'];

export class MongoStore {
  static async open(uri) {
    const client = new MongoClient(uri, {
      // As durable as the other sides; what failed is not sent twice by itself.
      writeConcern: { w: 'majority', journal: true },
      retryWrites: false,
      maxPoolSize: 32,
      minPoolSize: 8,
    });
    await client.connect();
    return new MongoStore(client.db());
  }

  constructor(db) {
    this.keys = db.collection('apiKeys');
    this.organizations = db.collection('organizations');
    this.providers = db.collection('storageProviders');
    this.applications = db.collection('applications');
    this.slugs = db.collection('slugs');
    this.plans = new Map();
    this.insert = (document) => this.applications.insertOne(document);
  }

  async findKey(digest) {
    const found = await this.keys.findOne({ token: new Binary(digest) });
    const organization = found && await this.organizations.findOne({ _id: found.organization });
    return organization && new Key({
      ...found,
      id: found._id.toHexString(),
      owner: found.owner.toHexString(),
      organization: organization._id.toHexString(),
      slug: organization.slug,
      enabled: organization.enabled,
      expiresAt: found.expiresAt ? found.expiresAt.getTime() : 0,
    });
  }

  // One insert for this request alone.
  createOne(c) {
    return this.create(c);
  }

  // What gathers while one insert is on its way is the next one.
  groupCommit() {
    const group = new GroupInsert(this.applications);
    this.insert = (document) => group.insert(document);
    return (c) => this.create(c);
  }

  // The answer's text; throws the error.
  async create(c) {
    const plan = await this.planOf(c.key.organization);
    if (c.request !== null) {
      const kept = await this.replay(c, plan);
      if (kept !== undefined) return kept;
    }
    const named = c.body.configuration?.storageProvider;
    const wanted = named && named !== '__DEFAULT__' ? named.toLowerCase() : plan.defaultProvider;
    const provider = plan.providers.get(wanted);
    if (provider === undefined && wanted !== undefined) throw errors.provider;
    return this.insertFree(c, plan, provider);
  }

  async replay(c, plan) {
    const kept = await this.applications.findOne({ organization: plan.id, request: new Binary(c.request) },
      { projection: { fingerprint: 1, answer: 1 } });
    if (kept === null) return undefined;
    if (!kept.fingerprint.buffer.equals(c.fingerprint)) throw errors.keyReused;
    c.replayed = true;
    return kept.answer;
  }

  async planOf(organization) {
    const known = this.plans.get(organization);
    if (known !== undefined && known.until > Date.now()) return known.plan;
    // Those who come meanwhile wait for the same answer.
    const plan = this.readPlan(new ObjectId(organization));
    this.plans.set(organization, { plan, until: Date.now() + PLAN_MS });
    plan.catch(() => this.plans.delete(organization));
    return plan;
  }

  async readPlan(id) {
    const [organization, providers] = await Promise.all([
      this.organizations.findOne({ _id: id }),
      this.providers.find({ organization: id }).toArray(),
    ]);
    return {
      id,
      limit: organization.limit ?? null,
      build_retention_days: organization.maxBillingBuildRetentionDays,
      builds_per_publication: organization.buildsRetainedPerPublication,
      defaultProvider: organization.defaultStorageProvider?.toHexString(),
      providers: new Map(providers.map((p) => [p._id.toHexString(), {
        json: renderProvider({ ...p, id: p._id, config: JSON.stringify(p.config) }),
        document: { id: p._id, name: p.name, region: p.region, config: p.config, provider: p.provider },
      }])),
    };
  }

  // The unique indexes say what is taken.
  async insertFree(c, plan, provider) {
    const now = Date.now();
    const id = newId(now);
    const base = c.slug === '' ? `app-${id.toString('hex').slice(16)}` : c.slug;
    const document = documentOf(c, plan, provider, id, now);
    let slug = base;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      if (plan.limit !== null && document.place instanceof ObjectId) document.place = await this.nextPlace(plan);
      const answer = answerOf(renderRecord(c, plan, provider?.json, id, slug, now));
      document.slug = slug;
      if (c.request !== null) document.answer = answer;
      try {
        await this.insert(document);
        return answer;
      } catch (error) {
        if (error.code !== DUPLICATE) throw error;
        if (error.message.includes('organization_slug')) {
          slug = numberedSlug(base, await this.nextNumber(plan, base));
        } else if (error.message.includes('organization_place')) {
          document.place = document._id;
        } else {
          return this.replay(c, plan);
        }
      }
    }
    throw errors.database;
  }

  async nextPlace(plan) {
    const counted = await this.organizations.findOneAndUpdate({ _id: plan.id, nextPlace: { $lt: plan.limit } },
      { $inc: { nextPlace: 1 } }, { returnDocument: 'after', projection: { nextPlace: 1 } });
    if (counted === null) throw errors.limit;
    return counted.nextPlace;
  }

  async nextNumber(plan, base) {
    const counted = await this.slugs.findOneAndUpdate({ _id: { o: plan.id, base } }, { $inc: { n: 1 } },
      { upsert: true, returnDocument: 'after' });
    return counted.n + 1;
  }
}

class GroupInsert {
  constructor(collection) {
    this.collection = collection;
    this.waiting = [];
    this.isRunning = false;
  }

  insert(document) {
    return new Promise((resolve, reject) => {
      this.waiting.push({ document, resolve, reject });
      if (this.isRunning) return;
      this.isRunning = true;
      setImmediate(() => this.run());
    });
  }

  async run() {
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, MAX_BATCH);
      try {
        await this.collection.insertMany(batch.map(({ document }) => document), { ordered: false });
      } catch (error) {
        rejectFailed(batch, error);
      }
      for (const { resolve } of batch) resolve();
    }
    this.isRunning = false;
  }
}

// Each document fails alone, unless the server said something about all of them.
function rejectFailed(batch, error) {
  if (!(error instanceof MongoBulkWriteError) || error.result.getWriteConcernError()) {
    for (const { reject } of batch) reject(error);
    return;
  }
  for (const one of [error.writeErrors].flat()) {
    batch[one.index].reject(Object.assign(new Error(one.errmsg), { code: one.code }));
  }
}

function documentOf(c, plan, provider, idBytes, now) {
  const { body, key } = c;
  const id = new ObjectId(idBytes);
  const at = new Date(now);
  const configuration = {
    notificationLanguage: body.configuration?.notificationLanguage ?? 'en',
    buildRetentionDays: -1,
    buildsRetainedPerPublication: -1,
  };
  const scripts = {};
  for (const name of SCRIPTS) if (body.defaultScripts?.[name] !== undefined) scripts[name] = body.defaultScripts[name];
  const document = {
    _id: id,
    name: c.name,
    slug: '',
    sdk: { ios: PLATFORM, android: PLATFORM },
    notifications: {
      newBuildNotifyCollaborators: false,
      newBuildNotifyEmployees: false,
      newBuildMessage: '',
      newFeedbackNotifyCollaborators: false,
    },
    description: '',
    oss: [],
    buildPlatforms: [],
    security: { role: key.role },
    configuration: provider ? { storageProvider: provider.document, ...configuration } : configuration,
    retentionApplied: {
      maxBillingBuildRetentionDays: plan.build_retention_days,
      buildsRetainedPerPublication: plan.builds_per_publication,
    },
    organization: plan.id,
    counts: { totalBuilds: 0, activeInstalls: 0, feedbackCount: 0 },
    metadata: body.metadata ?? {},
    defaultScripts: scripts,
    createdBy: new ObjectId(key.owner),
    createdAt: at,
    updatedAt: at,
    place: id,
    request: id,
  };
  if (c.request !== null) {
    document.request = new Binary(c.request);
    document.fingerprint = new Binary(c.fingerprint);
    document.keptUntil = new Date(now + KEPT_MS);
  }
  return document;
}
