// Writes the templates of every kind of deployment into a folder, for tools that read files:
//
//   node tests/deploy/write-templates.mjs DIRECTORY

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { VARIANTS, deploymentOf } from './fixture.mjs';

const [directory] = process.argv.slice(2);
if (directory === undefined) throw new Error('expected a folder');
await mkdir(directory, { recursive: true });
for (const variant of Object.keys(VARIANTS)) {
  for (const [stage, stacks] of Object.entries(deploymentOf(variant))) {
    if (!Array.isArray(stacks)) continue;
    // One Region's log groups and alarms are as the others'.
    const [watched] = stacks.filter(({ kind }) => kind === 'watch');
    for (const stack of stacks.filter((one) => one.kind !== 'watch' || one === watched)) {
      const name = `${variant.replaceAll(/\W/gu, '-')}.${stage}.${stack.kind}.${stack.region}.json`;
      await writeFile(join(directory, name), JSON.stringify(stack.template, null, 1));
    }
  }
}
