/** Metrics and alarms of the relay's log. */
import { FAILURE_METRICS, JOIN_METRICS, RELAY_METRICS, namespaceOf } from '../metrics.mjs';
import { alarm } from './alarms.mjs';
import { metricFilters } from './watch.mjs';

/** @param {import('../plan.mjs').Plan} plan @returns {Record<string, import('./cfn.mjs').Resource>} */
export function relayAlarms(plan) {
  const namespace = namespaceOf(plan);
  return {
    ...metricFilters(plan, 'RelayLog', [...FAILURE_METRICS, ...RELAY_METRICS, ...JOIN_METRICS]),
    AlarmRelayErrors: alarm({
      what: 'The relay answers 500: devices cannot begin or complete uploads in parts.',
      runbook: 'the-relay-answers-500',
      namespace,
      metric: 'InternalErrors',
      threshold: 5,
    }),
    AlarmKeysUnavailable: alarm({
      what: 'The relay cannot fetch access keys.',
      runbook: 'access-keys-cannot-be-fetched',
      namespace,
      metric: 'KeysUnavailable',
      threshold: 0,
    }),
  };
}
