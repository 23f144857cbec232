// AWS credentials for the keys commands, from the AWS SDK's default chain: the environment, profiles with SSO, roles or
// processes, and containers and instances.

import { errorText } from '../error-text.mjs';

/**
 * @param {string | undefined} profile undefined for AWS_PROFILE, or the default one
 * @returns {() => Promise<import('../../js-shim/keys/secrets-manager.mjs').AwsCredentials>}
 */
export function awsCredentials(profile) {
  /** @type {ReturnType<typeof import('@aws-sdk/credential-providers').fromNodeProviderChain> | undefined} */
  let chain;
  return async () => {
    if (chain === undefined) {
      const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
      chain = fromNodeProviderChain(profile === undefined ? {} : { profile });
    }
    return await chain().catch((error) => {
      throw new Error(`expected AWS credentials in the environment or in a profile: ${errorText(error)}`);
    });
  };
}
