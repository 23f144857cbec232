/** The stacks of a private entrance, in the order in which they are made. */
import { apiConsumerTemplate, apiTemplate } from './api.mjs';
import { consumerTemplate } from './consumer.mjs';
import { providerTemplate } from './provider.mjs';
import { resourceConsumerTemplate, resourceTemplate } from './resource.mjs';

/** @typedef {import('./plan.mjs').PrivatePlan} PrivatePlan */
/** @typedef {'provider' | 'consumer' | 'api' | 'api-consumer' | 'resource' | 'resource-consumer'} PrivateKind */
/**
 * @typedef {{ kind: PrivateKind, name: string, account: string, region: string,
 *   template: import('../templates/cfn.mjs').Template }} PrivateStack
 */

/** @param {PrivatePlan} plan @returns {PrivateStack[]} */
export function privateStacks(plan) {
  const { name, provider, consumers, api, resource } = plan;
  const stack = (/** @type {PrivateKind} */ kind, /** @type {string} */ suffix, /** @type {any} */ template, /** @type {{ account: string, region: string }} */ { account, region } = provider) => ({
    kind,
    name: `${name}-${suffix}`,
    account,
    region,
    template,
  });
  // Both are of one Region. What is in another reaches the endpoint service.
  const near = consumers.filter(({ region }) => region === provider.region);
  return [
    stack('provider', 'provider', providerTemplate(plan)),
    ...consumers.map((one) => stack('consumer', `consumer-${one.name}`, consumerTemplate(plan, one), one)),
    ...(api ? [stack('api', 'api', apiTemplate(plan, api))] : []),
    ...(api ? near.map((one) => stack('api-consumer', `api-consumer-${one.name}`, apiConsumerTemplate(plan, api, one), one)) : []),
    ...(resource ? [stack('resource', 'resource', resourceTemplate(plan, resource))] : []),
    ...(resource ? near.map((one) => stack('resource-consumer', `resource-consumer-${one.name}`, resourceConsumerTemplate(plan, resource, one), one)) : []),
  ];
}
