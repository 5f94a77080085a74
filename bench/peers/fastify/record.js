import { randomBytes } from 'node:crypto';

export const BEFORE_RECORD = '{"status":true,"data":';
const BEFORE_ROLE = ',"sdk":{"ios":{"ota":false,"forceUpdate":false,"minVersion":"","forceAuth":false},'
  + '"android":{"ota":false,"forceUpdate":false,"minVersion":"","forceAuth":false}},'
  + '"notifications":{"newBuildNotifyCollaborators":false,"newBuildNotifyEmployees":false,'
  + '"newBuildMessage":"","newFeedbackNotifyCollaborators":false},'
  + '"description":"","oss":[],"buildPlatforms":[],"security":{"role":"';
const BEFORE_RETENTION = '","buildRetentionDays":-1,"buildsRetainedPerPublication":-1},'
  + '"retentionApplied":{"maxBillingBuildRetentionDays":';
const BEFORE_METADATA = '","counts":{"totalBuilds":0,"activeInstalls":0,"feedbackCount":0},"metadata":';
const SCRIPTS = ['preInstall', 'postInstall', 'audit', 'enforce', 'runner'];

const process5 = randomBytes(5);
let counter = randomBytes(4).readUInt32BE();

export function newId(now) {
  const id = Buffer.allocUnsafe(12);
  id.writeUInt32BE(Math.floor(now / 1000), 0);
  process5.copy(id, 4);
  counter = (counter + 1) & 0xffffff;
  id.writeUIntBE(counter, 9, 3);
  return id;
}

function renderScripts(scripts) {
  if (scripts === undefined) return '{}';
  let out = '';
  for (const name of SCRIPTS) {
    if (scripts[name] !== undefined) out += `${out === '' ? '' : ','}"${name}":${JSON.stringify(scripts[name])}`;
  }
  return `{${out}}`;
}

// `config` is JSON.
export function renderProvider({ id, name, region, config, provider }) {
  const text = JSON.stringify;
  return `{"id":"${id.toString('hex')}","name":${text(name)},"region":${text(region)},"config":${config}`
    + `,"provider":${text(provider)}}`;
}

// A template string beats fast-json-stringify here: most of the record is constant.
export function renderRecord(c, organization, provider, id, slug, now) {
  const { key, body } = c;
  const { configuration, metadata } = body;
  const at = new Date(now).toISOString();
  return `{"id":"${id.toString('hex')}","name":${JSON.stringify(c.name)},"slug":"${slug}"${BEFORE_ROLE}${key.role}`
    + `"},"configuration":{${provider === undefined ? '' : `"storageProvider":${provider},`}"notificationLanguage":"`
    + `${configuration?.notificationLanguage ?? 'en'}${BEFORE_RETENTION}${organization.build_retention_days}`
    + `,"buildsRetainedPerPublication":${organization.builds_per_publication}},"organization":"${key.organization}`
    + `${BEFORE_METADATA}${metadata === undefined ? '{}' : JSON.stringify(metadata)},"defaultScripts":`
    + `${renderScripts(body.defaultScripts)},"createdBy":"${key.owner}","createdAt":"${at}","updatedAt":"${at}"}`;
}

export const answerOf = (record) => `${BEFORE_RECORD}${record}}`;
