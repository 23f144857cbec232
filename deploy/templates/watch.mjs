/**
 * The stack in each Region where edge functions run: their log groups with a retention, metrics of their lines, alarms.
 *
 * Lambda@Edge writes its log where it runs, and metrics and alarms see their own Region alone.
 */
import { BEHAVIOR, decidingFunction } from '../distribution.mjs';
import { DECISION_METRICS, FAILURE_METRICS, namespaceOf } from '../metrics.mjs';
import { stackNames } from '../plan.mjs';
import { QUERIES } from '../queries.mjs';
import { alarm, shareAlarm, topicResources } from './alarms.mjs';
import { pascal, ref, template } from './cfn.mjs';
import { EDGE_LOG_GROUP } from './roles.mjs';

/** @typedef {import('../plan.mjs').Plan} Plan */

/** @param {Plan} plan */
export function watchTemplate(plan) {
  const namespace = namespaceOf(plan);
  return template(`oss-edge ${plan.name}: logs and alarms of edge functions (${stackNames(plan).watch})`, {
    Resources: {
      // The groups of all three, so that a change of triggers deletes no log.
      ...Object.assign({}, ...BEHAVIOR.triggers.map(({ event }) => logResources(plan, event))),
      ...queryResources(plan),
      ...topicResources(plan),
      AlarmInternalErrors: alarm({
        what: 'Edge functions answer 500.',
        runbook: 'edge-functions-answer-500',
        namespace,
        metric: 'InternalErrors',
        threshold: 0,
      }),
      AlarmKeysUnavailable: alarm({
        what: 'Edge functions cannot fetch access keys.',
        runbook: 'access-keys-cannot-be-fetched',
        namespace,
        metric: 'KeysUnavailable',
        threshold: 0,
      }),
      AlarmMostRefused: shareAlarm({
        what: 'Edge functions refuse most requests.',
        runbook: 'most-requests-are-refused',
        namespace,
        metric: 'RefusedAll',
        others: 'AcceptedAll',
        threshold: 80,
        least: 100,
        periods: 3,
      }),
    },
  });
}

/** @param {Plan} plan @returns {Record<string, import('./cfn.mjs').Resource>} */
function queryResources({ name: deployment, config }) {
  const decides = decidingFunction(config);
  const every = BEHAVIOR.triggers.map(({ event }) => event);
  const queries = QUERIES.map(({ name, query, ofEveryFunction = false }) => [
    `Query${pascal(name)}`,
    {
      Type: 'AWS::Logs::QueryDefinition',
      Properties: {
        Name: `${deployment}/${name}`,
        QueryString: query.join('\n| '),
        LogGroupNames: (ofEveryFunction ? every : [decides]).map((event) => ref(`${pascal(event)}Log`)),
      },
    },
  ]);
  return Object.fromEntries(queries);
}

/** @param {Plan} plan @param {string} event @returns {Record<string, import('./cfn.mjs').Resource>} */
function logResources(plan, event) {
  const id = pascal(event);
  const decides = event === decidingFunction(plan.config);
  const metrics = decides ? [...DECISION_METRICS, ...FAILURE_METRICS] : FAILURE_METRICS;
  return {
    [`${id}Log`]: {
      Type: 'AWS::Logs::LogGroup',
      Properties: { LogGroupName: `${EDGE_LOG_GROUP}${plan.name}-${event}`, RetentionInDays: plan.logDays },
    },
    ...metricFilters(plan, `${id}Log`, metrics),
  };
}

/**
 * @param {Plan} plan @param {string} logGroup logical id @param {readonly import('../metrics.mjs').Metric[]} metrics
 * @returns {Record<string, import('./cfn.mjs').Resource>}
 */
export function metricFilters(plan, logGroup, metrics) {
  const filters = metrics.map(({ name, pattern, value = '1', dimensions = {}, unit = 'Count' }) => [
    `${logGroup}${name}`,
    {
      Type: 'AWS::Logs::MetricFilter',
      Properties: {
        LogGroupName: ref(logGroup),
        FilterPattern: pattern,
        MetricTransformations: [
          {
            MetricNamespace: namespaceOf(plan),
            MetricName: name,
            MetricValue: value,
            Unit: unit,
            ...(Object.keys(dimensions).length > 0
              ? { Dimensions: Object.entries(dimensions).map(([Key, Value]) => ({ Key, Value })) }
              : {}),
          },
        ],
      },
    },
  ]);
  return Object.fromEntries(filters);
}
