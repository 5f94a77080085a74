import { transliterate } from 'transliteration';

const MAX = 128;
// eslint-disable-next-line no-control-regex
const ASCII = /^[\u0000-\u007f]*$/;

// The base slug of a name; empty when nothing is left.
export function slugOf(name) {
  const ascii = ASCII.test(name) ? name : transliterate(name.normalize('NFKC'));
  let slug = ascii.toLowerCase().replace(/['"]/g, '').replace(/[^a-z0-9]+/g, '-');
  slug = slug.slice(0, MAX + 1).replace(/^-/, '').slice(0, MAX).replace(/-$/, '');
  if (slug !== '' && (slug.length < 3 || /^[0-9a-f]{24}$/.test(slug))) slug = `app-${slug}`;
  return slug;
}

export function numberedSlug(base, number) {
  const suffix = `-${number}`;
  return base.slice(0, MAX - suffix.length).replace(/-+$/, '') + suffix;
}
