// The S3 origin of a request's distribution. In AWS, each bucket has a distribution of its own.

/**
 * @param {Pick<ReturnType<typeof import('../js-shim/core/gate.mjs').createGate>, 'decide' | 'buckets'>} gate with the
 *   access keys, if they are known: only the signature may tell which bucket is meant
 * @returns {(request: import('aws-lambda').CloudFrontRequest, now: number) => string} the domain of the bucket that the
 *   viewer named, or of the first bucket
 */
export function bucketOrigins(gate) {
  const buckets = gate.buckets();
  return (request, now) => {
    const { bucket: named } = gate.decide(request, '', now);
    return (buckets.find(({ bucket }) => bucket === named) ?? buckets[0]).domain;
  };
}
