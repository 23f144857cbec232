// The secrets of the seals, kept in Secrets Manager beside the deployment. They are never printed.

import { GetSecretValueCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';

import { sealSecretName } from '../../deploy/templates/secrets.mjs';
import { parseDocument } from '../document.mjs';
import { newSecrets } from '../secrets.mjs';
import { isAwsError } from './aws.mjs';

/** @typedef {import('../secrets.mjs').Secrets} Secrets */

/**
 * @param {import('@aws-sdk/client-secrets-manager').SecretsManagerClient} client
 * @param {import('../../deploy/plan.mjs').Plan} plan
 * @returns {Promise<Secrets>} new ones where there are none yet
 */
export async function sealSecretsOf(client, plan) {
  const present = await presentSealSecrets(client, plan);
  if (present !== undefined) return present;
  const secrets = newSecrets();
  await writeSealSecrets(client, plan, secrets);
  return secrets;
}

/**
 * @param {import('@aws-sdk/client-secrets-manager').SecretsManagerClient} client
 * @param {import('../../deploy/plan.mjs').Plan} plan
 * @returns {Promise<Secrets | undefined>}
 */
export async function presentSealSecrets(client, plan) {
  const name = sealSecretName(plan);
  try {
    const { SecretString } = await client.send(new GetSecretValueCommand({ SecretId: name }));
    return SecretString ? /** @type {Secrets} */ (parseDocument(SecretString, name)) : undefined;
  } catch (error) {
    // The secret is there with its stack, and has no value before the first deployment.
    if (isAwsError(error, 'ResourceNotFoundException')) return undefined;
    throw error;
  }
}

/**
 * @param {import('@aws-sdk/client-secrets-manager').SecretsManagerClient} client
 * @param {import('../../deploy/plan.mjs').Plan} plan @param {Secrets} secrets
 */
export async function writeSealSecrets(client, plan, secrets) {
  await client.send(
    new PutSecretValueCommand({ SecretId: sealSecretName(plan), SecretString: JSON.stringify(secrets) }),
  );
}
