// The service that a user would write in Node instead: Fastify, Ajv, and better-sqlite3 or the mongodb driver. It works
// on a store that appctl made, and keeps the same rules and the same durability.
import cluster from 'node:cluster';
import { parseArgs } from 'node:util';
import { buildApp } from './app.js';

const { values } = parseArgs({
  options: {
    listen: { type: 'string', default: '127.0.0.1:8082' },
    store: { type: 'string' },
    commit: { type: 'string', default: 'group' },
    workers: { type: 'string', default: '1' },
  },
});
const workers = Number(values.workers);

// A file's path, or a mongodb:// URI. Each driver is loaded only where it is used.
async function openStore(location) {
  if (!location.startsWith('mongodb://')) return new (await import('./store-sqlite.js')).SqliteStore(location);
  return (await import('./store-mongo.js')).MongoStore.open(location);
}

if (cluster.isPrimary && workers > 1) {
  for (let i = 0; i < workers; i++) cluster.fork();
  process.on('SIGTERM', () => {
    for (const worker of Object.values(cluster.workers)) worker.kill();
  });
} else {
  const [host, port] = values.listen.split(':');
  const app = buildApp({ store: await openStore(values.store), commit: values.commit });
  process.on('SIGTERM', () => process.exit(0));
  await app.listen({ host, port: Number(port), backlog: 1024 });
}
