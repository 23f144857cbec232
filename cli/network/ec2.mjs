// The calls of EC2 that `oss-edge network byoip` needs, with the AWS SDK's default credentials.

import * as ec2 from '@aws-sdk/client-ec2';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';

import { errorText } from '../error-text.mjs';

/** @typedef {import('../../network/byoip/plan.mjs').ByoipPlan} ByoipPlan */
/** @typedef {import('../../network/byoip/calls.mjs').Call} Call */

/** @param {ByoipPlan} plan @param {{ profile?: string }} options */
export function createEc2({ region, account }, { profile }) {
  const settings = { region, ...(profile === undefined ? {} : { profile }), maxAttempts: 5 };
  const client = new ec2.EC2Client(settings);
  return {
    /** @param {Call} call @returns {Promise<any>} */
    send: async ({ operation, input }) => {
      const Command = /** @type {any} */ (ec2)[`${operation}Command`];
      return client.send(new Command(input)).catch((error) => {
        throw new Error(`${operation}: ${error.name}: ${errorText(error)}`);
      });
    },
    /** @throws {Error} when the credentials are of another account than the plan's */
    checkAccount: async () => {
      const { Account } = await new STSClient(settings).send(new GetCallerIdentityCommand({})).catch((error) => {
        throw new Error(`expected AWS credentials in the environment or in a profile: ${errorText(error)}`);
      });
      if (Account !== account)
        throw new Error(`byoip: account: expected ${Account}, which the credentials are of, found ${account}`);
    },
  };
}

/** @typedef {ReturnType<typeof createEc2>} Ec2 */
/** @typedef {{ states: Map<string, string>, messages: Map<string, string> }} RangeStates by range */

/** The states of the plan's ranges. @param {Ec2} api @param {ByoipPlan} plan @returns {Promise<RangeStates>} */
export async function rangeStates(api, { ranges, target, pool }) {
  const states = new Map();
  const messages = new Map();
  const pooled = target === 'ec2' ? [] : await pages(api, 'GetIpamPoolCidrs', { IpamPoolId: pool }, 'IpamPoolCidrs');
  for (const { Cidr, State, FailureReason } of pooled) {
    states.set(Cidr, State);
    if (FailureReason?.Message) messages.set(Cidr, `${FailureReason.Code}: ${FailureReason.Message}`);
  }
  // Also those of a pool, once they are provisioned: whether they are announced.
  for (const { Cidr, State, StatusMessage } of await pages(api, 'DescribeByoipCidrs', {}, 'ByoipCidrs')) {
    states.set(Cidr, State);
    if (StatusMessage) messages.set(Cidr, StatusMessage);
  }
  const ours = (/** @type {Map<string, string>} */ all) =>
    new Map([...all].filter(([range]) => ranges.includes(range)));
  return { states: ours(states), messages: ours(messages) };
}

/** @param {Ec2} api @param {string} operation @param {object} input @param {string} list @returns {Promise<any[]>} */
async function pages(api, operation, input, list) {
  const all = [];
  let NextToken;
  do {
    const answer = await api.send({
      operation,
      input: { ...input, MaxResults: 100, ...(NextToken ? { NextToken } : {}) },
    });
    all.push(...(answer[list] ?? []));
    ({ NextToken } = answer);
  } while (NextToken);
  return all;
}
