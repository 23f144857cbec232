/** Alarms, each of which names its entry of the runbook (docs/operate.md). */
import { ref } from './cfn.mjs';

const RUNBOOK = 'docs/operate.md#';

/** @param {import('../plan.mjs').Plan} plan @returns {Record<string, import('./cfn.mjs').Resource>} */
export function topicResources({ alarmEmail }) {
  const subscriptions =
    alarmEmail === undefined ? {} : { Properties: { Subscription: [{ Protocol: 'email', Endpoint: alarmEmail }] } };
  // Without encryption: CloudWatch may not use SNS's own key, and would tell nobody.
  return { AlarmTopic: { Type: 'AWS::SNS::Topic', ...subscriptions } };
}

/**
 * @param {object} alarm
 * @param {string} alarm.what happens, as a sentence
 * @param {string} alarm.runbook anchor of its entry
 * @param {string} alarm.namespace
 * @param {string} alarm.metric
 * @param {Record<string, unknown>} [alarm.dimensions]
 * @param {string} [alarm.statistic]
 * @param {number} alarm.threshold
 * @param {number} [alarm.minutes] of each period
 * @param {number} [alarm.periods] of five, that must be above
 * @returns {import('./cfn.mjs').Resource}
 */
export function alarm({
  what,
  runbook,
  namespace,
  metric,
  dimensions = {},
  statistic = 'Sum',
  threshold,
  minutes = 5,
  periods = 1,
}) {
  return alarmResource(what, runbook, periods, threshold, {
    Namespace: namespace,
    MetricName: metric,
    Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
    Statistic: statistic,
    Period: minutes * 60,
  });
}

/**
 * An alarm on the share that one metric has of two, in percent.
 *
 * @param {object} alarm
 * @param {string} alarm.what happens, as a sentence
 * @param {string} alarm.runbook anchor of its entry
 * @param {string} alarm.namespace
 * @param {string} alarm.metric whose share it is
 * @param {string} alarm.others the other metric
 * @param {number} alarm.threshold in percent
 * @param {number} alarm.least of both together, in a period of five minutes: with fewer there is no share
 * @param {number} alarm.periods of five, that must be above
 * @returns {import('./cfn.mjs').Resource}
 */
export function shareAlarm({ what, runbook, namespace, metric, others, threshold, least, periods }) {
  const sum = (/** @type {string} */ Id, /** @type {string} */ MetricName) => ({
    Id,
    MetricStat: { Metric: { Namespace: namespace, MetricName }, Period: 300, Stat: 'Sum' },
    ReturnData: false,
  });
  const [part, rest] = ['FILL(part, 0)', 'FILL(rest, 0)'];
  const Expression = `IF(${part} + ${rest} >= ${least}, 100 * ${part} / (${part} + ${rest}), 0)`;
  return alarmResource(what, runbook, periods, threshold, {
    Metrics: [sum('part', metric), sum('rest', others), { Id: 'share', Expression, Label: `% ${metric}`, ReturnData: true }],
  });
}

/**
 * @param {string} what @param {string} runbook @param {number} periods @param {number} threshold
 * @param {Record<string, unknown>} metric what is compared with the threshold
 * @returns {import('./cfn.mjs').Resource}
 */
function alarmResource(what, runbook, periods, threshold, metric) {
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmDescription: `${what} Runbook: ${RUNBOOK}${runbook}`,
      ...metric,
      EvaluationPeriods: 5,
      DatapointsToAlarm: periods,
      Threshold: threshold,
      ComparisonOperator: 'GreaterThanThreshold',
      TreatMissingData: 'notBreaching',
      AlarmActions: [ref('AlarmTopic')],
      OKActions: [ref('AlarmTopic')],
    },
  };
}
