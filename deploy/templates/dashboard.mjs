/** The dashboard: what a person looks at first. */
import { namespaceOf } from '../metrics.mjs';
import { EDGE_REGION } from '../plan.mjs';
import { sub } from './cfn.mjs';

/** @typedef {import('../plan.mjs').Plan} Plan */

/** @param {Plan} plan @returns {import('./cfn.mjs').Resource} */
export function dashboard(plan) {
  return {
    Type: 'AWS::CloudWatch::Dashboard',
    Properties: {
      DashboardName: `${plan.name}`,
      DashboardBody: sub(JSON.stringify({ widgets: placed(widgets(plan)) })),
    },
  };
}

/** @param {Plan} plan */
function widgets(plan) {
  const namespace = namespaceOf(plan);
  const inEachRegion = (/** @type {string} */ metric, /** @type {string} */ stat) =>
    plan.edgeRegions.map((region) => [namespace, metric, { region, stat, label: region }]);
  const by = (/** @type {string} */ metric, /** @type {string} */ dimension) =>
    plan.edgeRegions.map((region) => [
      {
        expression: `SEARCH('{${namespace},${dimension}} MetricName="${metric}"', 'Sum')`,
        region,
        label: `\${!PROP('Dim.${dimension}')} ${region}`,
      },
    ]);
  return [
    graph('Accepted, by operation', by('Accepted', 'Operation')),
    graph('Refused, by code', by('Refused', 'Code')),
    graph('Refused, by Region', inEachRegion('RefusedAll', 'Sum')),
    graph('Internal errors and keys that cannot be fetched', [
      ...inEachRegion('InternalErrors', 'Sum'),
      ...inEachRegion('KeysUnavailable', 'Sum'),
    ]),
    graph('Accepted, by scheme', by('AcceptedByScheme', 'Scheme')),
    graph('Declared bytes', inEachRegion('DeclaredBytes', 'Sum')),
    graph('Clocks behind, seconds', inEachRegion('ClockBehindSeconds', 'Minimum')),
    graph('Clocks ahead, seconds', inEachRegion('ClockAheadSeconds', 'Maximum')),
    graph('Small parts', inEachRegion('SmallParts', 'Sum')),
    graph('Bytes of small parts', inEachRegion('SmallPartBytes', 'Sum')),
    graph('Objects of 0 bytes', inEachRegion('EmptyObjects', 'Sum')),
    graph('Age of fetched access keys, seconds', inEachRegion('KeysAgeSeconds', 'Maximum')),
    graph('Bytes of joined parts', [[namespace, 'JoinedBytes', { region: plan.region, stat: 'Sum' }]]),
    graph('CloudFront: share of 4xx and 5xx, %', distributionMetrics(plan, ['4xxErrorRate', '5xxErrorRate'])),
    graph('CloudFront: requests', distributionMetrics(plan, ['Requests'], 'Sum')),
    ...(plan.backend === 'api' ? [graph('API: errors and latency', apiMetrics(plan))] : []),
    ...(plan.backend === 'web-function' || plan.backend === 'fargate'
      ? [graph('Relay: bytes received', [[namespace, 'RelayBytes', { region: plan.region, stat: 'Sum' }]])]
      : []),
  ];
}

/** @param {Plan} plan @param {string[]} metrics */
function distributionMetrics({ buckets }, metrics, stat = 'Average') {
  return buckets.flatMap(({ id, name }) =>
    metrics.map((metric) => {
      const dimensions = ['DistributionId', `\${Distribution${id}}`, 'Region', 'Global'];
      return ['AWS/CloudFront', metric, ...dimensions, { region: EDGE_REGION, stat, label: `${name} ${metric}` }];
    }),
  );
}

/** @param {Plan} plan */
function apiMetrics({ name, region }) {
  return [
    ['AWS/ApiGateway', '5XXError', 'ApiName', `${name}-api`, { region, stat: 'Sum' }],
    ['AWS/ApiGateway', '4XXError', 'ApiName', `${name}-api`, { region, stat: 'Sum' }],
    ['AWS/ApiGateway', 'Latency', 'ApiName', `${name}-api`, { region, stat: 'p99', yAxis: 'right' }],
  ];
}

/** @param {string} title @param {unknown[]} metrics */
function graph(title, metrics) {
  return {
    type: 'metric',
    properties: { title, metrics, region: EDGE_REGION, period: 300, view: 'timeSeries', stacked: false },
  };
}

/** Two widgets a row. @param {object[]} all */
function placed(all) {
  const [width, height] = [12, 6];
  return all.map((widget, at) => ({ ...widget, x: (at % 2) * width, y: Math.floor(at / 2) * height, width, height }));
}
