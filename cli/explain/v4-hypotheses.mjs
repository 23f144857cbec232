// Hypotheses about what only signature version 4 signs: scope, additional headers, the payload's hash.

import { createHash } from 'node:crypto';

/**
 * @typedef {import('./signed-text.mjs').FormV4} FormV4
 * @typedef {import('./signed-text.mjs').Pair} Pair
 * @typedef {import('./hypotheses.mjs').Context} Context
 * @typedef {import('./hypotheses.mjs').Hypothesis} Hypothesis
 */

/** OSS, "Regions and endpoints". */
const REGIONS = [
  'cn-hangzhou',
  'cn-shanghai',
  'cn-nanjing',
  'cn-fuzhou',
  'cn-wuhan-lr',
  'cn-qingdao',
  'cn-beijing',
  'cn-zhangjiakou',
  'cn-huhehaote',
  'cn-wulanchabu',
  'cn-shenzhen',
  'cn-heyuan',
  'cn-guangzhou',
  'cn-chengdu',
  'cn-hongkong',
  'us-west-1',
  'us-east-1',
  'na-south-1',
  'ap-northeast-1',
  'ap-northeast-2',
  'ap-southeast-1',
  'ap-southeast-3',
  'ap-southeast-5',
  'ap-southeast-6',
  'ap-southeast-7',
  'eu-central-1',
  'eu-west-1',
  'me-east-1',
  'me-central-1',
];

const PORTS = ['80', '443', '8080', '8443'];

/** @param {FormV4} form @param {Context} context @returns {Hypothesis[]} */
export function v4Hypotheses(form, context) {
  return [
    ...regions(form, context),
    ...days(form),
    ...additionalHeaders(form, context),
    ...hosts(form, context),
    ...payloads(form, context),
  ];
}

/** @param {FormV4} form @param {Context} context @returns {Hypothesis[]} */
function regions(form, { regions: configured }) {
  const { region } = form.scope;
  const bare = region.replace(/^oss-/u, '');
  return [bare, `oss-${bare}`, ...configured, ...REGIONS].map((other) => ({
    name: 'region',
    advice:
      `The device signs for the region \`${other}\` and names \`${region}\` in its credential. Configure one region ` +
      'for both, without `oss-`.',
    form: { ...form, scope: { ...form.scope, region: other } },
  }));
}

/** @param {FormV4} form @returns {Hypothesis[]} */
function days(form) {
  const { day } = form.scope;
  const time = Date.UTC(Number(day.slice(0, 4)), Number(day.slice(4, 6)) - 1, Number(day.slice(6)));
  if (Number.isNaN(time)) return [];
  return [-1, 1].map((days) => {
    const other = new Date(time + days * 86_400_000).toISOString().slice(0, 10).replaceAll('-', '');
    return {
      name: 'scope-day',
      advice:
        `The device signs with the key of the day ${other} and names ${day} in its credential: it mixes local time ` +
        'and UTC, or keeps the signing key of another day.',
      form: { ...form, scope: { ...form.scope, day: other } },
    };
  });
}

/** @param {FormV4} form @param {Context} context @returns {Hypothesis[]} */
function additionalHeaders(form, { sent, host }) {
  const { additional, headers } = form;
  const found = additional.map((name) =>
    signed(
      `The device names \`${name}\` in AdditionalHeaders and doesn't sign it.`,
      additional.filter((other) => other !== name),
      headers.filter(([other]) => other !== name),
    ),
  );
  if (additional.length > 0) {
    found.push(
      signed(
        'The device names AdditionalHeaders and signs none of them.',
        [],
        headers.filter(([name]) => !additional.includes(name)),
      ),
      signed('The device names AdditionalHeaders and signs their values, but not the list.', [], headers),
      signed(
        'The device names AdditionalHeaders and signs the list, but not their values.',
        additional,
        headers.filter(([name]) => !additional.includes(name)),
      ),
    );
  }
  const others = [...sent, ...(host === '' ? [] : [/** @type {Pair} */ (['host', host])])];
  for (const [name, value] of others) {
    const lower = name.toLowerCase();
    if (additional.includes(lower) || headers.some(([known]) => known === lower) || lower === 'authorization') continue;
    found.push(
      signed(
        `The device signs \`${lower}\` without naming it in AdditionalHeaders.`,
        [...additional, lower].sort(),
        inOrder([...headers, [lower, value]]),
      ),
      signed(
        `The device signs the value of \`${lower}\` without naming it in AdditionalHeaders.`,
        additional,
        inOrder([...headers, [lower, value]]),
      ),
    );
  }
  return found;

  /** @param {string} advice @param {string[]} names @param {Pair[]} lines @returns {Hypothesis} */
  function signed(advice, names, lines) {
    return {
      name: 'additional-headers',
      advice: `${advice} Both must be the same; most SDKs sign none.`,
      form: { ...form, additional: names, headers: lines },
    };
  }
}

/** @param {FormV4} form @param {Context} context @returns {Hypothesis[]} */
function hosts(form, context) {
  const signed = form.headers.find(([name]) => name === 'host')?.[1];
  if (signed === undefined) return [];
  const [name, port] = signed.split(':');
  const withPort = [
    ...PORTS.filter((one) => one !== port).map((one) => `${name}:${one}`),
    ...(port === undefined ? [] : [name]),
  ];
  const { region } = form.scope;
  const endpoints = [`oss-${region}.aliyuncs.com`, `oss-${region}-internal.aliyuncs.com`, ...context.hosts];
  const others = endpoints.flatMap((host) => [host, `${form.bucket}.${host}`]);
  return [
    ...withPort.map((host) => ({
      host,
      name: 'host-port',
      advice: 'The device signs its Host with a port, and sends it without, or the other way round',
    })),
    ...others.map((host) => ({
      host,
      name: 'other-host',
      advice: 'The device signs another Host than arrived: is there a proxy that sets it',
    })),
  ].map(({ host, name: hypothesis, advice }) => ({
    name: hypothesis,
    advice:
      `${advice} (\`${host}\` is signed, \`${signed}\` arrived). Leave \`host\` out of AdditionalHeaders, or sign ` +
      'what is sent.',
    form: {
      ...form,
      headers: form.headers.map(([one, value]) => /** @type {Pair} */ ([one, one === 'host' ? host : value])),
    },
  }));
}

/** @param {FormV4} form @param {Context} context @returns {Hypothesis[]} */
function payloads(form, { body }) {
  const hashes = [body ?? Buffer.alloc(0), Buffer.alloc(0)].map((bytes) =>
    createHash('sha256').update(bytes).digest('hex'),
  );
  return ['UNSIGNED-PAYLOAD', '', ...hashes].map((payload) => ({
    name: 'payload',
    advice:
      `The device signs the payload as \`${payload}\`; OSS takes UNSIGNED-PAYLOAD, or the value of ` +
      'x-oss-content-sha256 if the request has it.',
    form: { ...form, payload },
  }));
}

/** @param {Pair[]} headers */
function inOrder(headers) {
  return headers.toSorted(([one], [other]) => (one < other ? -1 : 1));
}
