// The Kubernetes manifest says of the relay what is true, and Kubernetes takes it.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { HEALTH_PATH } from '../../js-shim/relay/verify.mjs';
import { readSettings } from '../../js-shim/relay/settings.mjs';

const MANIFEST = fileURLToPath(new URL('../../deploy/relay/kubernetes.yaml', import.meta.url));
const DOCKERFILE = new URL('../../deploy/relay/Dockerfile', import.meta.url);
const [PYTHON, VALIDATE] = ['python', 'kubernetes-validate'].map((name) => fileURLToPath(new URL(`../../.venv/bin/${name}`, import.meta.url)));
const TO_JSON = 'import json, sys, yaml; print(json.dumps(list(yaml.safe_load_all(open(sys.argv[1])))))';

const { stdout } = await promisify(execFile)(PYTHON, ['-c', TO_JSON, MANIFEST]);
const byKind = Object.fromEntries(JSON.parse(stdout).map((document) => [document.kind, document]));
const pod = byKind.Deployment.spec.template;
const [container] = pod.spec.containers;
const env = Object.fromEntries(container.env.map(({ name, value }) => [name, value]));

// The validator's package is 22 MB, and the manifest changes seldom.
const skip = existsSync(VALIDATE) ? false : 'kubernetes-validate is not installed: .venv/bin/pip install kubernetes-validate';

test('Kubernetes takes the manifest, and no field that it does not know', { skip }, async () => {
  await promisify(execFile)(VALIDATE, ['--strict', MANIFEST]);
});

test('the relay takes its environment, and is asked for its health where it answers', () => {
  const { port, healthPort } = readSettings(env);
  const ports = Object.fromEntries(container.ports.map(({ name, containerPort }) => [name, containerPort]));
  assert.deepEqual(ports, { http: port, health: healthPort });
  for (const probe of ['startupProbe', 'readinessProbe', 'livenessProbe']) {
    assert.deepEqual(container[probe].httpGet, { path: HEALTH_PATH, port: 'health' }, probe);
  }
  assert.equal(byKind.Service.spec.ports[0].targetPort, 'http');
});

test('uploads under way have their time before the pod is killed', () => {
  const { stopSeconds } = readSettings(env);
  assert.ok(pod.spec.terminationGracePeriodSeconds > container.lifecycle.preStop.sleep.seconds + stopSeconds);
});

test('one selector has the same pods everywhere, and one of them stays', () => {
  const { labels } = pod.metadata;
  const { selector } = byKind.Deployment.spec;
  const selectors = [selector.matchLabels, byKind.Service.spec.selector, byKind.PodDisruptionBudget.spec.selector.matchLabels];
  for (const one of selectors) assert.deepEqual(one, labels);
  assert.ok(byKind.Deployment.spec.replicas > byKind.PodDisruptionBudget.spec.minAvailable);
});

test('the container may do nothing but serve', async () => {
  const { allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities } = container.securityContext;
  assert.deepEqual([allowPrivilegeEscalation, readOnlyRootFilesystem, capabilities], [false, true, { drop: ['ALL'] }]);
  assert.deepEqual([pod.spec.securityContext.runAsNonRoot, pod.spec.automountServiceAccountToken], [true, false]);
  // Those of the image's user `node`, who must be able to read the Secret.
  const [, user, group] = /^USER (\d+):(\d+)$/mu.exec(await readFile(DOCKERFILE, 'utf8')) ?? [];
  const { runAsUser, runAsGroup, fsGroup } = pod.spec.securityContext;
  assert.deepEqual([runAsUser, runAsGroup, fsGroup], [Number(user), Number(group), Number(group)]);
});

test('access keys and seals come from a Secret, at the places where the relay reads them', async () => {
  const directory = /^WORKDIR (.*)$/mu.exec(await readFile(DOCKERFILE, 'utf8'))?.[1];
  const mounted = container.volumeMounts.filter(({ name }) => name === 'gate').map(({ mountPath, subPath, readOnly }) => [mountPath, subPath, readOnly]);
  assert.deepEqual(mounted, ['gate.bin', 'seal.bin'].map((file) => [`${directory}/${file}`, file, true]));
  assert.ok(pod.spec.volumes.every(({ secret }) => secret !== undefined));
});
