import Fastify from 'fastify';
import { createHash } from 'node:crypto';
import { KeyCache } from './keys.js';
import { bodySchema, nameFault, violationsOf } from './validation.js';
import { errors, validationError } from './errors.js';
import { slugOf } from './slug.js';

const JSON_TYPE = 'application/json; charset=utf-8';

// `store` keeps keys and applications; `commit` says whether creates share their commits.
export function buildApp({ store, commit }) {
  const app = Fastify({
    bodyLimit: 1 << 20,
    ajv: { customOptions: { allErrors: true, coerceTypes: false, removeAdditional: false, useDefaults: false } },
  });
  const keys = new KeyCache(store);
  const create = commit === 'single' ? (c) => store.createOne(c) : store.groupCommit();

  const refuse = (reply, error) => reply.code(error.status).header('content-type', JSON_TYPE).send(error.body);

  // The text is kept for the fingerprint of a request with an Idempotency-Key.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text, done) => {
    request.text = text;
    try {
      done(null, JSON.parse(text));
    } catch (error) {
      error.statusCode = 400;
      done(error);
    }
  });
  app.decorateRequest('text', null);
  app.decorateRequest('key', null);

  app.setErrorHandler((error, request, reply) => {
    if (error.validation) return refuse(reply, validationError(violationsOf(error.validation)));
    if (error.statusCode === 413) return refuse(reply, errors.tooLarge);
    if (error.statusCode === 415) return refuse(reply, errors.mediaType);
    if (error.statusCode === 400) return refuse(reply, validationError([{ pointer: '', message: error.message }]));
    return refuse(reply, error.body ? error : errors.database);
  });
  app.setNotFoundHandler((request, reply) => refuse(reply, errors.notFound));

  app.post('/v1/organizations/:organization/apps', {
    schema: { body: bodySchema },
    onRequest: (request, reply, done) => {
      keys.authenticate(request.headers.authorization, (key, error) => {
        if (error) {
          if (error.status === 401) reply.header('www-authenticate', 'Bearer realm="applications"');
          return refuse(reply, error);
        }
        if (!key.mayCreateIn(request.params.organization)) return refuse(reply, errors.notFound);
        request.key = key;
        return done();
      });
    },
  }, async (request, reply) => {
    const { body, key } = request;
    const name = body.name.trim();
    const fault = nameFault(name);
    if (fault) return refuse(reply, validationError([{ pointer: '/name', message: fault }]));

    const c = { key, body, name, slug: slugOf(name), request: null, fingerprint: null, replayed: false };
    const idempotencyKey = request.headers['idempotency-key'];
    if (idempotencyKey !== undefined) {
      c.request = createHash('sha256').update(`${key.id}\0${idempotencyKey}`).digest();
      c.fingerprint = createHash('sha256').update(key.organization).update(request.text).digest();
    }
    const answer = await create(c);
    if (c.replayed) reply.header('idempotency-replayed', 'true');
    reply.header('content-type', JSON_TYPE).header('cache-control', 'no-store');
    return reply.send(answer);
  });
  return app;
}
