// Every template of every kind of deployment, before cfn-lint and before our own rules.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { faultsOf } from '../../deploy/checks.mjs';
import { SKIPS } from '../../deploy/templates/checkov.mjs';
import { INSTALL, cfnLint } from './cfn-lint.mjs';
import { RELEASE, VARIANTS, deploymentOf } from './fixture.mjs';

const HADOLINT = fileURLToPath(new URL('../../.venv/bin/hadolint', import.meta.url));

const directory = await mkdtemp(join(tmpdir(), 'oss-edge-templates-'));
after(() => rm(directory, { recursive: true }));

for (const variant of Object.keys(VARIANTS)) {
  test(`our rules find no fault: ${variant}`, () => {
    const { plan, foundation, stacks } = deploymentOf(variant);
    assert.deepEqual(faultsOf(plan, foundation), []);
    assert.deepEqual(faultsOf(plan, stacks), []);
  });
}

test('cfn-lint finds no fault in any template', async () => {
  for (const variant of Object.keys(VARIANTS)) {
    const { foundation, stacks } = deploymentOf(variant);
    for (const [stage, all] of Object.entries({ foundation, stacks })) {
      // One Region's log groups and alarms are as the others'.
      const [watched] = all.filter(({ kind }) => kind === 'watch');
      for (const { kind, name, region, template } of all.filter((stack) => stack.kind !== 'watch' || stack === watched)) {
        await writeFile(join(directory, `${variant.replaceAll(/\W/gu, '-')}.${stage}.${kind}.${name}.${region}.json`), JSON.stringify(template, null, 1));
      }
    }
  }
  const { status, stdout } = await cfnLint(`${directory}/*.json`);
  assert.deepEqual({ status, stdout }, { status: 0, stdout: '' });
});

test("hadolint finds no fault in the relay's Dockerfile, and is heard", async () => {
  await access(HADOLINT).catch(() => assert.fail(`expected hadolint: ${INSTALL}`));
  const file = fileURLToPath(new URL('../../deploy/relay/Dockerfile', import.meta.url));
  assert.deepEqual(await hadolint(file), { status: 0, stdout: '' });
  const broken = join(directory, 'Dockerfile');
  await writeFile(broken, 'FROM node\nRUN sudo true\n');
  const { status, stdout } = await hadolint(broken);
  assert.equal(status, 1);
  assert.match(stdout, /DL3004/u);
});

test('cfn-lint is heard', async () => {
  const file = join(directory, 'broken.template');
  await writeFile(file, JSON.stringify({ AWSTemplateFormatVersion: '2010-09-09', Resources: { A: { Type: 'AWS::S3::Bucket', Properties: { Nam: 'a' } } } }));
  const { status, stdout } = await cfnLint(file);
  assert.notEqual(status, 0);
  assert.match(stdout, /E3002/u);
});

test('what a rule of checkov is not followed for has a reason, in the templates', () => {
  const seen = new Set();
  for (const variant of Object.keys(VARIANTS)) {
    const { foundation, stacks } = deploymentOf(variant);
    for (const { Type, Metadata } of [...foundation, ...stacks].flatMap(({ template }) => Object.values(template.Resources))) {
      seen.add(Type);
      assert.deepEqual(Metadata?.checkov.skip, SKIPS[Type], Type);
    }
  }
  for (const [type, skips] of Object.entries(SKIPS)) {
    assert.ok(seen.has(type), type);
    for (const { id, comment } of skips) assert.match(`${id}: ${comment}`, /^CKV_AWS_\d+: \S+( \S+){3,}$/u);
  }
});

test('no template has a secret, and each stays below the size that CloudFormation takes from S3', () => {
  for (const variant of Object.keys(VARIANTS)) {
    for (const { template, name } of deploymentOf(variant).stacks) {
      const text = JSON.stringify(template);
      assert.ok(Buffer.byteLength(text) < 1_000_000, name);
      for (const [, value] of text.matchAll(/"(?:HeaderValue|ORIGIN_SECRET)":(?:\{"Fn::Sub":)?"([^"]*)"/gu)) assert.match(value, /^(\{\{resolve:secretsmanager:(?:[\w-]+|\$\{\w+\}):SecretString\}\} ?)+$/u);
    }
  }
});

test('a new bundle has new versions of all edge functions and a new description everywhere, and nothing else changes', () => {
  const { plan, stacks } = deploymentOf('an API, with every choice');
  const edge = stacks.find(({ kind }) => kind === 'edge')?.template.Resources ?? {};
  const versions = Object.entries(edge).filter(([, { Type }]) => Type === 'AWS::Lambda::Version');
  assert.equal(versions.length, 3);
  for (const [, { Properties, DeletionPolicy }] of versions) {
    assert.equal(Properties?.Description, `oss-edge bundle ${RELEASE.hash}`);
    assert.equal(DeletionPolicy, 'RetainExceptOnCreate');
  }
  assert.equal(plan.buckets.length, 2);
  const distributions = Object.values(edge).filter(({ Type }) => Type === 'AWS::CloudFront::Distribution');
  assert.deepEqual(distributions.map(({ Properties }) => Properties?.DistributionConfig.Aliases), [
    ['oss.example.com', 'fleet-uploads.oss.example.com', 'uploads.example.com', 'fleet-uploads.vh.example.com'],
    ['fleet-logs.oss.example.com', 'fleet-logs.vh.example.com'],
  ]);
});

/** @param {string} file @returns {Promise<{ status: number, stdout: string }>} */
function hadolint(file) {
  return new Promise((resolve) => {
    execFile(HADOLINT, ['--no-color', file], (error, stdout) => resolve({ status: error ? Number(error.code) : 0, stdout }));
  });
}
