// Hypotheses about the method, the bucket, the key and the query.

import { decoded, encoded, encodedKey } from './signed-text.mjs';

/**
 * @typedef {import('./signed-text.mjs').Form} Form
 * @typedef {import('./hypotheses.mjs').Context} Context
 * @typedef {import('./hypotheses.mjs').Hypothesis} Hypothesis
 */

/** @param {Form} form @param {Context} context @returns {Hypothesis[]} */
export function resourceHypotheses(form, context) {
  return [...styles(form, context), ...keys(form, context), ...subResources(form, context), ...methods(form)];
}

/** @param {Form} form @param {Context} context @returns {Hypothesis[]} */
function styles(form, { host, style, buckets }) {
  const { bucket, key } = form;
  const at = host === '' ? 'its host' : `\`${host}\``;
  const [first, ...rest] = key.split('/');
  const found = [];
  if (style !== 'path' && buckets.includes(first) && rest.length > 0) {
    found.push({
      name: 'path-style',
      advice:
        `It would verify in path style, for the bucket \`${first}\`: the device uses the wrong endpoint. ` +
        `Give ${at} the style \`path\` or \`endpoint\` in \`hosts\`, or the device an endpoint of another style.`,
      form: { ...form, bucket: first, key: rest.join('/') },
    });
  }
  // The same text as for path style with a bucket that isn't configured.
  const withoutBucket = `/${form.version === 4 ? encodedKey(key) : key}`;
  found.push({
    name: 'bucket-left-out',
    advice:
      'The device signs the key without a bucket: it must know its bucket in CNAME style too. Or it means path ' +
      `style, and the bucket \`${first}\`, which isn't in \`buckets\`.`,
    form: form.version === 4 ? { ...form, uri: withoutBucket } : { ...form, resource: withoutBucket },
  });
  for (const one of style === 'cname' ? [] : buckets) {
    found.push({
      name: 'cname-style',
      advice:
        `It would verify in CNAME style, for the bucket \`${one}\`: the device doesn't take the path's first segment ` +
        `for a bucket. Give ${at} the style \`cname\` with this bucket, or \`endpoint\`, in \`hosts\`.`,
      form: { ...form, bucket: one, key: `${bucket}/${key}` },
    });
  }
  const label = host.split('.', 1)[0];
  if (/^[a-z0-9][a-z0-9-]{2,62}$/u.test(label) && host.includes('.')) {
    for (const [virtualKey, isInPath] of /** @type {const} */ ([
      [key, false],
      [`${bucket}/${key}`, true],
    ])) {
      if (isInPath && style !== 'path' && style !== '') continue;
      found.push({
        name: 'virtual-hosted-style',
        advice:
          `It would verify in virtual-hosted style, for the bucket \`${label}\`: the device takes the host's first ` +
          `label for its bucket. Add \`*.${host.slice(label.length + 1)}\` in style \`virtual-hosted\` to \`hosts\`.`,
        form: { ...form, bucket: label, key: virtualKey },
      });
    }
  }
  for (const one of buckets) {
    found.push({
      name: 'other-bucket',
      advice: `It would verify for the bucket \`${one}\`: the device is set to it, and ${at} leads to \`${bucket}\`.`,
      form: { ...form, bucket: one },
    });
  }
  found.push({
    name: 'bucket-twice',
    advice: 'The device signs the bucket twice, from the host and from the path. Use an endpoint without the bucket.',
    form: { ...form, key: `${bucket}/${key}` },
  });
  return found;
}

/** @param {Form} form @param {Context} context @returns {Hypothesis[]} */
function keys(form, { path }) {
  const { bucket, key } = form;
  const sent = path === '' ? encodedKey(key) : path.replace(/^\//u, '').replace(style(path, bucket), '');
  const found = [
    named(
      'key-encoded-twice',
      'The key is encoded once more on the wire than the device signs. Hand the SDK, or the ' +
        "proxy before CloudFront, a key that isn't encoded yet.",
      { key: decoded(key) },
    ),
    named(
      'plus-for-space',
      'The device signs a blank where the path has `+`: its HTTP library encodes paths like forms. ' + 'Send `%20`.',
      { key: key.replaceAll('+', ' ') },
    ),
    named('space-for-plus', 'The device signs `+` where the path has a blank. Send `%2B` for a plus.', {
      key: key.replaceAll(' ', '+'),
    }),
    named(
      'key-normalized',
      'The key was brought into another Unicode normal form after signing (macOS decomposes ' +
        'names of files). Normalize the key before signing.',
      { key: key.normalize('NFC') },
    ),
    named(
      'key-normalized',
      'The key was brought into another Unicode normal form after signing. Normalize the key ' + 'before signing.',
      { key: key.normalize('NFD') },
    ),
  ];
  // Version 4 encodes a key, so a key that is signed encoded is encoded twice there.
  const asSent = form.version === 4 ? { uri: `/${encoded(bucket)}/${encodedKey(sent)}` } : { key: sent };
  found.push(
    named('key-signed-encoded', 'The device signs the key as it is encoded in the path; OSS signs it decoded.', asSent),
    named('key-signed-encoded', 'The device signs the key encoded; OSS signs it decoded.', {
      key: encodedKey(key),
    }),
    named('key-signed-encoded', 'The device signs the key with its slashes encoded; OSS leaves them.', {
      ...(form.version === 4 ? { uri: `/${encoded(bucket)}/${encoded(key)}` } : { key: encoded(key) }),
    }),
  );
  if (form.version === 4) {
    found.push(
      named('key-not-encoded', 'The device signs the key as it is; version 4 signs it percent-encoded.', {
        uri: `/${bucket}/${key}`,
      }),
    );
  }
  return found;

  /**
   * @param {string} name @param {string} advice @param {{ key?: string, uri?: string }} change
   * @returns {Hypothesis}
   */
  function named(name, advice, change) {
    return { name, advice, form: /** @type {Form} */ ({ ...form, ...change }) };
  }
}

/** The bucket, where the path has it. @param {string} path @param {string} bucket */
function style(path, bucket) {
  return path.startsWith(`/${bucket}/`) ? `${bucket}/` : '';
}

/** Sub-resources without a value that a client may sign and that may get lost on the way. */
const BARE = [
  'uploads',
  'acl',
  'append',
  'delete',
  'tagging',
  'objectMeta',
  'symlink',
  'restore',
  'location',
  'sequential',
];

/** @param {Form} form @param {Context} context @returns {Hypothesis[]} */
function subResources(form, { query }) {
  const { parameters } = form;
  const found = parameters.map(([name], index) =>
    named(
      'sub-resource-added',
      `The device doesn't sign \`${name}\` of the query. Does something add it after ` +
        'signing, or is its SDK too old to sign it?',
      parameters.toSpliced(index, 1),
    ),
  );
  if (parameters.length > 1) {
    found.push(
      named('sub-resource-added', 'The device signs nothing of the query. Its SDK must sign the sub-resources.', []),
    );
  }
  const unsigned = query.filter(([name]) => !parameters.some(([known]) => known === name) && !IS_SIGNATURE.test(name));
  for (const pair of unsigned) {
    found.push(
      named(
        'parameter-signed',
        `The device signs \`${pair[0]}\` of the query, which OSS doesn't sign.`,
        inOrder([...parameters, pair]),
      ),
    );
  }
  for (const name of BARE.filter((one) => !parameters.some(([known]) => known === one))) {
    found.push(
      named(
        'sub-resource-lost',
        `The device signs the sub-resource \`${name}\`, which isn't in the query that arrived: ` +
          'look for what rewrites URLs on the way.',
        inOrder([...parameters, [name, '']]),
      ),
    );
  }
  if (form.version === 1) {
    const changed = (/** @type {(text: string) => string} */ by) =>
      parameters.map(([name, value]) => pair(name, by(value)));
    found.push(
      named(
        'sub-resource-encoded',
        'The device signs the values of sub-resources encoded; OSS signs them decoded.',
        changed(encoded),
      ),
      named('sub-resource-encoded', 'The values of sub-resources are encoded twice on the wire.', changed(decoded)),
      named(
        'sub-resource-order',
        'The device signs the sub-resources in the order of the URL; OSS sorts them by name.',
        query.filter(([name]) => parameters.some(([known]) => known === name)),
      ),
      named(
        'sub-resource-equals',
        'The device signs `=` after a sub-resource without a value; OSS signs the name alone.',
        parameters.map(([name, value]) => pair(value === '' ? `${name}=` : name, value)),
      ),
    );
  }
  return found;

  /**
   * @param {string} name @param {string} advice @param {import('./signed-text.mjs').Pair[]} changed
   * @returns {Hypothesis}
   */
  function named(name, advice, changed) {
    return { name, advice, form: { ...form, parameters: changed } };
  }

  /** @param {import('./signed-text.mjs').Pair[]} pairs */
  function inOrder(pairs) {
    return pairs.toSorted(([one], [other]) => (one < other ? -1 : 1));
  }
}

const IS_SIGNATURE = /^(?:Expires|OSSAccessKeyId|Signature|x-oss-signature)$/u;

/** @param {string} name @param {string} value @returns {import('./signed-text.mjs').Pair} */
function pair(name, value) {
  return [name, value];
}

/** @param {Form} form @returns {Hypothesis[]} */
function methods(form) {
  const others = ['PUT', 'POST', 'GET', 'HEAD', 'DELETE'].filter((method) => method !== form.method);
  return others.map((method) => ({
    name: 'method',
    advice: `The device signs \`${method}\` and sends \`${form.method}\`. Use one method for both.`,
    form: { ...form, method },
  }));
}
