// Deploys a configuration: its stacks in order, with the bundle between them.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { DescribeSecretCommand } from '@aws-sdk/client-secrets-manager';

import { faultsOf } from '../../deploy/checks.mjs';
import { EDGE_REGION, originSecretName, planOf, stackNames } from '../../deploy/plan.mjs';
import { artifactStacks, regionalStacks, releaseStacks } from '../../deploy/stacks.mjs';
import { containerImage } from '../../deploy/templates/container.mjs';
import { distributionParameter } from '../../deploy/templates/bucket.mjs';
import { newSecrets } from '../secrets.mjs';
import { checkAccount } from './account/check.mjs';
import { isAwsError } from './aws.mjs';
import { recordRelease, templateStore, uploadZips } from './artifacts.mjs';
import { checkCertificate } from './certificate.mjs';
import { applyStack, applyStacks, stackState } from './stack.mjs';
import { releaseOf } from './release.mjs';
import { presentSealSecrets, sealSecretsOf } from './seal-secrets.mjs';

/** @typedef {import('../../deploy/plan.mjs').Plan} Plan */
/** @typedef {import('../../deploy/stacks.mjs').Stack} Stack */
/** @typedef {import('../documents.mjs').Documents} Documents */
/** @typedef {import('./stack.mjs').Outputs} Outputs */
/** @typedef {{ sent: number, accepted: number[] }} OriginSecrets */
/**
 * @typedef {object} Context
 * @property {import('./aws.mjs').Aws} aws
 * @property {import('./stack.mjs').Ui} ui
 * @property {string} account
 * @property {string} caller the ARN of the user, or of the role's session
 *
 * @typedef {object} Present what is deployed now
 * @property {Outputs | undefined} regional of the stack with the API or the relay
 * @property {Outputs | undefined} edge
 * @property {OriginSecrets} originSecrets
 *
 * @typedef {object} Deployed
 * @property {Plan} plan
 * @property {string} hash
 * @property {Outputs} edge
 * @property {Outputs} regional of the stack with the API or the relay
 */

/**
 * Finds out what a deployment of this name has now.
 *
 * @param {Context} context @param {Plan} plan
 * @returns {Promise<Present>}
 */
export async function presentOf({ aws }, plan) {
  const names = stackNames(plan);
  const regional = (await stackState(aws.cloudFormation(plan.region), names.regional))?.outputs;
  const edge = (await stackState(aws.cloudFormation(EDGE_REGION), names.edge))?.outputs;
  if (regional?.Backend !== undefined && regional.Backend !== plan.backend) {
    throw new Error(
      `config: deployment.backend: expected "${regional.Backend}", as ${names.regional} has, found "${plan.backend}". ` +
        'To change it, make a second deployment with another deployment.name and move the hosts',
    );
  }
  const accepted = (regional?.OriginSecrets ?? '1').split(' ').map(Number);
  const sent = Number(edge?.OriginSecret ?? accepted[0]);
  return { regional, edge, originSecrets: { accepted, sent: accepted.includes(sent) ? sent : accepted[0] } };
}

/**
 * The endpoint for the bundle, from the stack that made it; undefined if no stack makes one, or not yet.
 *
 * @param {Outputs | undefined} outputs
 * @returns {import('../deployment.mjs').Endpoint | undefined}
 */
function endpointOfOutputs(outputs) {
  if (outputs?.EndpointDomain === undefined) return undefined;
  return { domain: outputs.EndpointDomain, path: (outputs.EndpointPath ?? '').replace(/\/$/u, '') };
}

/**
 * Deploys what a bundle needs: artifacts buckets, and the API's or the relay's domain.
 *
 * @param {Context} context @param {Plan} plan @param {Present} present
 * @returns {Promise<{ buckets: Map<string, string>, regional: Outputs }>} artifacts buckets by Region
 */
async function applyFoundation(context, plan, present) {
  const buckets = new Map();
  for (const stack of artifactStacks(plan)) {
    const { Artifacts } = await applyStack(stackContext(context, stack), stack, {});
    if (Artifacts !== undefined) buckets.set(stack.region, Artifacts);
  }
  if (present.regional?.Backend !== undefined) return { buckets, regional: present.regional };
  let regional = {};
  for (const stack of regionalStacks(plan)) {
    const outputs = await applyStack(stackContext(context, stack, buckets), stack, {});
    if (stack.region === plan.region) regional = outputs;
  }
  return { buckets, regional };
}

/**
 * Bundles a configuration.
 *
 * @param {Documents} documents checked, with the endpoint and the secrets
 * @param {string} [out] where to keep the functions' folders; by default nowhere
 */
export async function bundled(documents, out) {
  const { writeFunctions } = await import('../bundle.mjs');
  const { zipsOf } = await import('../zip.mjs');
  const directory = out ?? (await mkdtemp(join(tmpdir(), 'oss-edge-bundle-')));
  try {
    return releaseOf(zipsOf(await writeFunctions(documents, directory)));
  } finally {
    if (out === undefined) await rm(directory, { recursive: true });
  }
}

/**
 * Deploys a bundle: the functions behind the edge, those at the edge, and the buckets' policies.
 *
 * @param {Context} context @param {Plan} plan @param {string} hash of a bundle whose zips are in the buckets
 * @param {Map<string, string>} buckets artifacts buckets by Region
 * @param {Present} present
 * @returns {Promise<Deployed>}
 */
export async function applyRelease(context, plan, hash, buckets, present) {
  const stacks = releaseStacks(plan, { hash });
  const faults = faultsOf(plan, stacks);
  if (faults.length > 0) throw new Error(faults.join('\n'));
  const known = distributionArns(plan, context.account, present.edge);
  const apply = (
    /** @type {import('../../deploy/stacks.mjs').StackKind} */ kind,
    /** @type {Record<string, string>} */ arns,
  ) =>
    applyStacks(
      stacks
        .filter((stack) => stack.kind === kind)
        .map((stack) => ({
          context: stackContext(context, stack, buckets),
          stack,
          parameters: { ArtifactBucket: buckets.get(stack.region) ?? 'artifacts', ...arns },
        })),
    );
  let [regional] = await apply('regional', known);
  await apply('watch', known);
  await replicated(context, plan);
  const [edge] = await apply('edge', known);
  const arns = distributionArns(plan, context.account, edge);
  if (JSON.stringify(arns) !== JSON.stringify(known)) [regional] = await apply('regional', arns);
  return { plan, hash, edge, regional };
}

/**
 * Waits for the replica of the origin secret, which Secrets Manager makes some seconds after the secret.
 *
 * @param {Context} context @param {Plan} plan
 */
async function replicated({ aws, ui }, plan) {
  if (plan.backend === 'none' || plan.region === EDGE_REGION || ui.dryRun) return;
  const SecretId = originSecretName(plan, plan.originSecrets.sent);
  for (let attempts = 60; ; attempts -= 1) {
    try {
      await aws.secretsManager(EDGE_REGION).send(new DescribeSecretCommand({ SecretId }));
      return;
    } catch (error) {
      if (!isAwsError(error, 'ResourceNotFoundException')) throw error;
      if (attempts === 0)
        throw new Error(`${SecretId}: expected a replica in ${EDGE_REGION}, found none after five minutes`);
    }
    await sleep(ui.pollMilliseconds ?? 5000);
  }
}

/**
 * Deploys everything, in order. It can be run again after any failure: each step finds what earlier ones made.
 *
 * @param {Context} context
 * @param {object} options
 * @param {(endpoint?: import('../deployment.mjs').Endpoint) => Promise<Documents>} options.readDocuments
 * @param {boolean} options.imageIsPushed for Fargate
 * @param {boolean} [options.checksAccount] before anything is changed
 * @param {typeof bundled} [options.bundle]
 * @param {Date} [options.now]
 * @returns {Promise<Deployed & { documents: Documents }>}
 */
export async function deploy(
  context,
  { readDocuments, imageIsPushed, checksAccount = false, bundle = bundled, now = new Date() },
) {
  const { aws, ui } = context;
  const written = await readDocuments();
  const first = planOf(written.written, written.settings ?? {});
  await checkCertificate(context, first);
  const present = await presentOf(context, first);
  const plan = planOf(written.written, written.settings ?? {}, present.originSecrets);
  if (checksAccount) await checkAccount(context, plan, present);
  const { buckets, regional } = await applyFoundation(context, plan, present);

  const documents = await readDocuments(endpointOfOutputs(regional));
  const client = aws.secretsManager(plan.region);
  // New secrets would give another bundle, and change everything.
  const secrets = ui.dryRun
    ? ((await presentSealSecrets(client, plan)) ?? newSecrets())
    : await sealSecretsOf(client, plan);
  const release = await bundle({ ...documents, secrets }, plan.container && !ui.dryRun ? IMAGE_DIRECTORY : undefined);
  if (!ui.dryRun) {
    ui.say(`bundle ${release.hash.slice(0, 12)}`);
    for (const [region, bucket] of buckets) await uploadZips(aws.s3(region), bucket, release, ui.say);
  }
  if (plan.container && !imageIsPushed && !ui.dryRun && present.regional?.Bundle !== release.hash) {
    throw new Error(pushImage(plan, release.hash));
  }
  const deployed = await applyRelease(context, plan, release.hash, buckets, present);
  const bucket = buckets.get(EDGE_REGION);
  if (!ui.dryRun && bucket !== undefined && present.edge?.Bundle !== release.hash) {
    const record = {
      hash: release.hash,
      at: now.toISOString(),
      config: written.written,
      settings: written.settings ?? {},
    };
    await recordRelease(aws.s3(EDGE_REGION), bucket, record);
  }
  return { ...deployed, documents };
}

/** @param {Plan} plan @param {string} hash */
function pushImage({ container }, hash) {
  const image = containerImage(container?.repository ?? '', hash);
  return (
    'the relay runs as a container, and its image must be there before it. Run ' +
    `\`docker build --file ${DOCKERFILE} --tag ${image} ${IMAGE_DIRECTORY}/relay && docker push ${image}\`, ` +
    'then deploy again with --image-is-pushed'
  );
}

const DOCKERFILE = fileURLToPath(new URL('../../deploy/relay/Dockerfile', import.meta.url));

/** Where a bundle is kept for making an image of it. */
const IMAGE_DIRECTORY = 'dist';

/**
 * @param {Plan} plan
 * @param {string} account
 * @param {Outputs | undefined} edge
 * @returns {Record<string, string>} by parameter
 */
export function distributionArns({ buckets }, account, edge) {
  return Object.fromEntries(
    buckets.flatMap(({ id }) => {
      const distribution = edge?.[`DistributionId${id}`];
      return distribution === undefined
        ? []
        : [[distributionParameter(id), `arn:aws:cloudfront::${account}:distribution/${distribution}`]];
    }),
  );
}

/** @param {Context} context @param {Stack} stack @param {Map<string, string>} [buckets] artifacts buckets by Region */
function stackContext({ aws, ui }, { region }, buckets) {
  const [where, bucket] =
    [region, EDGE_REGION].map((one) => /** @type {const} */ ([one, buckets?.get(one)])).find(([, found]) => found) ??
    [];
  const templateUrl = where && bucket ? templateStore(aws.s3(where), bucket, where) : undefined;
  return { cfn: aws.cloudFormation(region), ui, templateUrl };
}
