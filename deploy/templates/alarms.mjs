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
  return {
    Type: 'AWS::CloudWatch::Alarm',
    Properties: {
      AlarmDescription: `${what} Runbook: ${RUNBOOK}${runbook}`,
      Namespace: namespace,
      MetricName: metric,
      Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
      Statistic: statistic,
      Period: minutes * 60,
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
