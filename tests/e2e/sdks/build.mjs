// Builds the drivers of the SDKs for Java and Go, with their own tools, into target/sdk-drivers/.
//
//   node tests/e2e/sdks/build.mjs [--all]     for the oldest and the latest release of each SDK, or for all
//
// A language whose tools are missing is left out; `left-out.json` in that folder says why.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { unzipSync } from 'fflate';

import { CLIENTS, releasesOf, signaturesOf } from './clients.mjs';

const SOURCES = fileURLToPath(new URL('..', import.meta.url));
export const BUILT = fileURLToPath(new URL('../../../target/sdk-drivers', import.meta.url));

const JAVA = join(BUILT, 'java');
const GSON = 'com.google.code.gson:gson:2.11.0';
/** The SDK's artifact, and what its documentation, or Android itself, adds. */
const ARTIFACTS = {
  // Java has no JAXB since 11.
  'java-v1': (release) => [
    `com.aliyun.oss:aliyun-sdk-oss:${release}`,
    'javax.xml.bind:jaxb-api:2.3.1',
    'javax.activation:activation:1.1.1',
    'org.glassfish.jaxb:jaxb-runtime:2.3.3',
  ],
  'java-v2': (release) => [`com.aliyun:alibabacloud-oss-v2:${release}`],
  // Android has both of these.
  android: (release) => [
    `com.aliyun.dpa:oss-android-sdk:${release}:aar`,
    'net.sf.kxml:kxml2:2.3.0',
    'org.json:json:20231013',
  ],
};

/** A driver's command. */
export function commandOf({ id, language }, release, hosts) {
  if (language === 'go') return [goBinary(id, release)];
  if (language === 'node') return [process.execPath, join(SOURCES, 'sdks/aliyun-sdk.mjs'), `aliyun-sdk-${release}`];
  const classpath = [join(JAVA, 'classes', id), join(libraries(id, release), '*')].join(':');
  // Quick to start rather than quick in the long run.
  const options = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', `-Djdk.net.hosts.file=${hosts}`];
  return ['java', ...options, '-cp', classpath, 'Main'];
}

function buildJava(clients, all) {
  rmSync(JAVA, { recursive: true, force: true });
  const modules = clients.flatMap((client) => releasesOf(client, all).map((release) => ({ id: client.id, release })));
  for (const { id, release } of modules) {
    const name = `${id}-${release}`;
    mkdirSync(join(JAVA, name), { recursive: true });
    writeFileSync(join(JAVA, name, 'pom.xml'), modulePom(name, [...ARTIFACTS[id](release), GSON]));
  }
  writeFileSync(join(JAVA, 'pom.xml'), parentPom(modules.map(({ id, release }) => `${id}-${release}`)));
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies';
  run('mvn', ['--batch-mode', '--quiet', '--file', JAVA, goal, '-DoutputDirectory=lib']);
  for (const { id, release } of modules) unpackClasses(libraries(id, release));
  for (const { id, releases } of clients) compile(id, releases.at(-1));
}

/** Of AARs, which are zips around the classes' jar. */
function unpackClasses(folder) {
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.aar'))) {
    writeFileSync(join(folder, `${file}.jar`), unzipSync(readFileSync(join(folder, file)))['classes.jar']);
  }
}

/** Once, with the latest release: see Driver.java. */
function compile(id, release) {
  const sources = ['driver', id].flatMap((folder) =>
    readdirSync(join(SOURCES, 'java', folder), { recursive: true })
      .filter((file) => file.endsWith('.java'))
      .map((file) => join(SOURCES, 'java', folder, file)),
  );
  const classpath = join(libraries(id, release), '*');
  const options = ['-J-XX:TieredStopAtLevel=1', '-nowarn', '--release', '11'];
  run('javac', [...options, '-d', join(JAVA, 'classes', id), '-cp', classpath, ...sources]);
}

function libraries(id, release) {
  return join(JAVA, `${id}-${release}`, 'lib');
}

function parentPom(modules) {
  return pom(`<artifactId>drivers</artifactId><packaging>pom</packaging>
  <modules>${modules.map((module) => `<module>${module}</module>`).join('')}</modules>`);
}

function modulePom(name, artifacts) {
  const dependencies = artifacts.map((coordinates) => {
    const [group, artifact, version, type = 'jar'] = coordinates.split(':');
    return `    <dependency>
      <groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version><type>${type}</type>
    </dependency>`;
  });
  return pom(`<artifactId>${name}</artifactId><packaging>pom</packaging>
  <dependencies>
${dependencies.join('\n')}
  </dependencies>`);
}

function pom(content) {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion><groupId>oss-edge.tests</groupId><version>1</version>
  ${content}
</project>
`;
}

function buildGo(clients, all) {
  const env = { ...process.env, CGO_ENABLED: '0', GOCACHE: join(BUILT, 'go-build'), GOTOOLCHAIN: 'local' };
  for (const client of clients) {
    for (const release of releasesOf(client, all)) {
      // go.mod has the latest releases. Without inlining, the standard library compiles in two thirds of the time.
      const module = release === client.releases.at(-1) ? [] : [`-modfile=releases/${client.id}-${release}.mod`];
      const tags = signaturesOf(client, release).includes('v4') ? ['-tags', 'v4'] : [];
      const flags = ['-gcflags=all=-l', '-ldflags=-s -w', ...module, ...tags];
      const output = goBinary(client.id, release);
      run('go', ['build', ...flags, '-o', output, `./${client.id}`], { cwd: join(SOURCES, 'go'), env });
    }
  }
}

function goBinary(id, release) {
  return join(BUILT, 'go', `${id}-${release}`);
}

function run(command, parameters, options = {}) {
  execFileSync(command, parameters, { stdio: ['ignore', 'inherit', 'inherit'], ...options });
}

/** Why a language's drivers can't be built here, or undefined. */
function missing(commands) {
  const absent = commands
    .map((command) => command.split(' '))
    .filter(([command, ...parameters]) => spawnSync(command, parameters).status !== 0)
    .map(([command]) => command);
  return absent.length > 0 ? `no ${absent.join(', ')} here` : undefined;
}

const LANGUAGES = {
  java: {
    name: 'Java and Android',
    tools: ['java -version', 'javac -version', 'mvn --version'],
    build: buildJava,
  },
  go: { name: 'Go', tools: ['go version'], build: buildGo },
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const all = process.argv.includes('--all');
  mkdirSync(BUILT, { recursive: true });
  const leftOut = {};
  for (const [language, { name, tools, build }] of Object.entries(LANGUAGES)) {
    const reason = missing(tools);
    const clients = CLIENTS.filter((client) => client.language === language);
    if (reason) leftOut[language] = `the SDKs for ${name}: ${reason}`;
    else build(clients, all);
  }
  writeFileSync(join(BUILT, 'left-out.json'), JSON.stringify(leftOut));
}
