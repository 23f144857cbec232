/**
 * What an origin request policy lets through of a viewer's request, as viewer-request returned it.
 */

/** @typedef {import('aws-lambda').CloudFrontRequest} CloudFrontRequest */
/** @typedef {import('../deploy/distribution.mjs').OriginRequestPolicy} OriginRequestPolicy */

/**
 * @param {CloudFrontRequest} request
 * @param {OriginRequestPolicy} policy
 * @returns {Pick<CloudFrontRequest, 'headers' | 'querystring'>}
 */
export function forwarded({ headers, querystring }, { headers: ofHeaders, queryStrings, cookies }) {
  const names = new Set(ofHeaders.names?.map((name) => name.toLowerCase()));
  const passes = {
    none: () => false,
    whitelist: (/** @type {string} */ name) => names.has(name),
    allViewer: () => true,
    allExcept: (/** @type {string} */ name) => !names.has(name),
  }[ofHeaders.behavior];
  const kept = Object.entries(headers).filter(([name]) =>
    name === 'cookie' ? cookies.behavior === 'all' : passes(name),
  );
  return {
    headers: structuredClone(Object.fromEntries(kept)),
    querystring: queryStrings.behavior === 'all' ? querystring : '',
  };
}
