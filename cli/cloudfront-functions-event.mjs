// Converts events of CloudFront Functions to events of Lambda@Edge.

/**
 * @typedef {{ value: string, multiValue?: { value: string }[] }} Field
 * @typedef {object} FunctionsEvent
 * @property {string} version
 * @property {{ requestId?: string, distributionDomainName?: string, distributionId?: string }} [context]
 * @property {{ ip?: string }} [viewer]
 * @property {{ method: string, uri: string, querystring?: string | Record<string, Field>,
 *   headers?: Record<string, Field>, cookies?: Record<string, Field> }} request
 */

/**
 * @param {unknown} event
 * @returns {event is FunctionsEvent}
 */
export function isFunctionsEvent(event) {
  return typeof event === 'object' && event !== null && 'version' in event && 'request' in event;
}

/**
 * A viewer-request event of Lambda@Edge for the same request. An event of CloudFront Functions doesn't contain
 * everything; `lost` says what was assumed.
 *
 * @param {FunctionsEvent} event
 * @returns {{ event: import('aws-lambda').CloudFrontRequestEvent, lost: string[] }}
 */
export function fromFunctionsEvent({ context = {}, viewer = {}, request }) {
  const { distributionDomainName = '', distributionId = '', requestId = '' } = context;
  const querystring = rawQueryOf(request.querystring ?? '');
  const lost = [];
  if (typeof request.querystring === 'object' && querystring !== '') {
    lost.push('the query was rebuilt: its order and encoding, and `uploads` against `uploads=`, are not in the event');
  }
  if (request.cookies && Object.keys(request.cookies).length > 0) {
    lost.push('cookies are left out: no rule looks at them');
  }
  return {
    lost,
    event: {
      Records: [
        {
          cf: {
            config: { distributionDomainName, distributionId, eventType: 'viewer-request', requestId },
            request: {
              clientIp: viewer.ip ?? '',
              method: request.method,
              uri: request.uri,
              querystring,
              headers: headersOf(request.headers ?? {}),
            },
          },
        },
      ],
    },
  };
}

/** @param {Record<string, Field>} fields */
function headersOf(fields) {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, valuesOf(field).map((value) => ({ key: name, value }))]),
  );
}

/**
 * Rebuilds the query. Names and values stay encoded as in the event, where `a` and `a=` can't be told apart.
 *
 * @param {string | Record<string, Field>} query
 */
function rawQueryOf(query) {
  if (typeof query === 'string') return query;
  return Object.entries(query)
    .flatMap(([name, field]) => valuesOf(field).map((value) => (value === '' ? name : `${name}=${value}`)))
    .join('&');
}

/** @param {Field} field */
function valuesOf({ value, multiValue }) {
  return multiValue ? multiValue.map((one) => one.value) : [value];
}
