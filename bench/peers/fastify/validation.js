// The body's rules: what Ajv can say in a schema, and what it cannot.
const script = { type: 'string' };

export const bodySchema = {
  type: 'object',
  required: ['name'],
  properties: {
    name: { type: 'string', minLength: 1 },
    configuration: {
      type: 'object',
      properties: {
        storageProvider: { type: 'string', pattern: '^(?:|__DEFAULT__|[0-9a-fA-F]{24})$' },
        notificationLanguage: { type: 'string', enum: ['es', 'en', 'fr', 'de', 'it', 'zh', 'pt', 'ru'] },
      },
    },
    metadata: { type: 'object' },
    defaultScripts: {
      type: 'object',
      properties: { preInstall: script, postInstall: script, audit: script, enforce: script, runner: script },
    },
  },
};

export function violationsOf(list) {
  return list.slice(0, 32).map(({ instancePath, keyword, params, message }) => ({
    pointer: keyword === 'required' ? `${instancePath}/${params.missingProperty}` : instancePath,
    message,
  }));
}

// eslint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/;
const BIDI_CONTROLS = /[\u202a-\u202e\u2066-\u2069]/;

// What is wrong with a trimmed name, or nothing.
export function nameFault(name) {
  if (name === '') return 'must not be empty';
  if (name.length > 128 && [...name].length > 128) return 'must have at most 128 characters';
  if (CONTROLS.test(name)) return 'must not contain control characters';
  if (BIDI_CONTROLS.test(name)) return 'must not contain bidirectional controls';
  return undefined;
}
