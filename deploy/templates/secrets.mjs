/** Secrets: none of them is in a template. */
import { EDGE_REGION, originSecretName } from '../plan.mjs';
import { sub } from './cfn.mjs';

/** @typedef {import('../plan.mjs').Plan} Plan */
/** @typedef {import('./cfn.mjs').Resource} Resource */

/** The name of the secret with the secrets of the seals, whose value `oss-edge deploy` writes. @param {Plan} plan */
export const sealSecretName = ({ name }) => `${name}-seals`;

/** @param {Plan} plan @returns {Record<string, Resource>} */
export function sealSecrets(plan) {
  return {
    SealSecrets: {
      Type: 'AWS::SecretsManager::Secret',
      Properties: {
        Name: sealSecretName(plan),
        Description: 'secrets.json of oss-edge: written and rotated by `oss-edge deploy`',
      },
    },
  };
}

/**
 * What the distribution sends, so that the authorizer or the relay knows it. Each number is a secret of its own: during
 * a
 * rotation two are taken, and the distribution changes from one to the other.
 *
 * @param {Plan} plan
 * @returns {Record<string, Resource>}
 */
export function originSecrets(plan) {
  const secrets = plan.originSecrets.accepted.map((number) => [
    `OriginSecret${number}`,
    {
      Type: 'AWS::SecretsManager::Secret',
      Properties: {
        Name: originSecretName(plan, number),
        Description: 'Shows that a request came through the distribution',
        GenerateSecretString: { PasswordLength: 48, ExcludePunctuation: true },
        // The edge stack reads it in its own Region.
        ...(plan.region === EDGE_REGION ? {} : { ReplicaRegions: [{ Region: EDGE_REGION }] }),
      },
    },
  ]);
  return Object.fromEntries(secrets);
}

/**
 * The values that the API or the relay takes, for an environment of the same stack, which so comes after the secrets.
 *
 * @param {Plan} plan
 */
export function takenSecrets({ originSecrets: { accepted } }) {
  return sub(accepted.map((number) => `{{resolve:secretsmanager:\${OriginSecret${number}}:SecretString}}`).join(' '));
}

/** @param {Plan} plan @returns {Record<string, Resource>} */
export function accessKeySecret({ accessKeys, region }) {
  if (!accessKeys?.create) return {};
  const replicas = accessKeys.regions.filter((one) => one !== region).map((Region) => ({ Region }));
  return {
    AccessKeys: {
      Type: 'AWS::SecretsManager::Secret',
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        Name: accessKeys.secretIds[0],
        Description: 'access-keys.json of oss-edge: edited by `oss-edge keys --secret`',
        ...(replicas.length > 0 ? { ReplicaRegions: replicas } : {}),
      },
    },
  };
}
