// AWS's APIs as far as `deploy` calls them, over HTTP, so that the SDK's own serialisers and parsers are at work. Each
// request is checked against AWS's service models. Stacks are made as CloudFormation makes them: what a template refers to
// must be there.

import { once } from 'node:events';
import http from 'node:http';
import { buffer } from 'node:stream/consumers';

import { FakeAccount } from './fake-account.mjs';
import { AwsError, escaped } from './fake-answers.mjs';
import { FakeBuckets } from './fake-buckets.mjs';
import { FakeStacks } from './fake-stacks.mjs';
import { inputOfRest } from './rest-model.mjs';
import { checkInput, inputOfForm } from './service-model.mjs';

/** By protocol, as their credentials' scope calls them. */
const QUERY = ['cloudformation', 'iam', 'sts'];
const REST = ['cloudfront', 'lambda', 's3'];

/** Those that botocore calls otherwise. @type {Record<string, string>} */
const SERVICES = { servicequotas: 'service-quotas' };

export class FakeAws {
  /** Calls, in order, as `service Operation`. @type {string[]} */
  calls = [];
  /** The call that fails, counted from 1; none by default. @type {number | undefined} */
  failing;
  /** Secrets by Region and name. @type {Map<string, { value?: string, createdAt: number }>} */
  secrets = new Map();
  /** Names of functions in us-east-1; true while CloudFront has replicas. @type {Map<string, boolean>} */
  functions = new Map();
  /** In seconds. */
  now = 1_795_000_000;
  /** In us-east-1. */
  certificate = { Status: 'ISSUED', SubjectAlternativeNames: ['uploads.example.com'] };
  account = new FakeAccount();
  buckets = new FakeBuckets();
  stacks = new FakeStacks(this);
  #server = http.createServer((request, response) => void this.#answer(request, response));

  /** @returns {Promise<string>} the endpoint */
  async start() {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const address = /** @type {import('node:net').AddressInfo} */ (this.#server.address());
    return `http://127.0.0.1:${address.port}`;
  }

  stop() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  /** @param {http.IncomingMessage} request @param {http.ServerResponse} response */
  async #answer(request, response) {
    const [, region, service] = /Credential=[^/]+\/\d+\/([^/]+)\/([^/]+)\//u.exec(request.headers.authorization ?? '') ?? [];
    const body = await buffer(request);
    try {
      const answer = this.#called(service, region, request, body);
      response.writeHead(answer.status ?? 200, { 'content-type': answer.type ?? 'text/xml', ...answer.headers });
      response.end(request.method === 'HEAD' ? undefined : answer.body);
    } catch (error) {
      const { code = 'InternalFailure', status = 500, message } = /** @type {any} */ (error);
      const json = ['secretsmanager', 'lambda', 'acm', 'servicequotas'].includes(service);
      response.writeHead(status, json ? { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-errortype': code } : { 'content-type': 'text/xml' });
      const xml = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${escaped(message)}</Message></Error>`;
      response.end(json ? JSON.stringify({ __type: code, message }) : service === 's3' ? xml : `<ErrorResponse>${xml}<RequestId>r</RequestId></ErrorResponse>`);
    }
  }

  /** @param {string} service @param {string} region @param {http.IncomingMessage} request @param {Buffer} body */
  #called(service, region, request, body) {
    const form = QUERY.includes(service) ? inputOfForm(service, new URLSearchParams(body.toString())) : undefined;
    const rest = REST.includes(service) ? inputOfRest(service, request, body) : undefined;
    const target = String(request.headers['x-amz-target'] ?? '').split('.')[1];
    const { operation, input } = form ?? rest ?? { operation: target, input: checkInput(SERVICES[service] ?? service, target, JSON.parse(body.toString())) };
    this.calls.push(`${service} ${operation}`);
    if (this.calls.length === this.failing) throw new AwsError('AccessDenied', `not authorized to perform ${operation}`, 403);
    if (service === 'sts') return xml(operation, this.account.identity(region));
    if (service === 'iam') return xml(operation, this.account.iam(operation, input));
    if (service === 'servicequotas') return json(this.account.serviceQuotas(operation, input));
    if (service === 'cloudfront') return { body: this.account.cloudFront(operation, input) };
    if (service === 'cloudformation') return xml(operation, this.stacks.call(region, operation, input));
    if (service === 'secretsmanager') return this.#secretsManager(region, operation, input);
    if (service === 'acm') return this.#acm(region, input);
    if (service === 'lambda') return operation === 'GetAccountSettings' ? json(this.account.settings(region)) : this.#deleteFunction(input.FunctionName);
    if (service === 's3') return this.buckets.call(request, body);
    throw new AwsError('UnknownService', String(service));
  }

  /** @param {string} region @param {string} operation @param {any} input */
  #secretsManager(region, operation, input) {
    const secret = this.secrets.get(`${region} ${input.SecretId}`);
    if (secret === undefined) throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    if (operation === 'DescribeSecret') return json({ ARN: 'arn', Name: input.SecretId });
    if (operation === 'PutSecretValue') {
      Object.assign(secret, { value: input.SecretString, createdAt: this.now });
      return json({ ARN: 'arn', Name: input.SecretId, VersionId: 'v' });
    }
    if (secret.value === undefined) throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret value for staging label: AWSCURRENT");
    return json({ ARN: 'arn', Name: input.SecretId, SecretString: secret.value, CreatedDate: secret.createdAt, VersionId: 'v' });
  }

  /** @param {string} region @param {any} input */
  #acm(region, input) {
    if (region !== 'us-east-1') throw new AwsError('ResourceNotFoundException', input.CertificateArn);
    return json({ Certificate: { CertificateArn: input.CertificateArn, ...this.certificate } });
  }

  /** @param {string} name */
  #deleteFunction(name) {
    if (!this.functions.has(name)) throw new AwsError('ResourceNotFoundException', `Function not found: ${name}`, 404);
    if (this.functions.get(name)) {
      throw new AwsError('InvalidParameterValueException', `Lambda was unable to delete ${name}:1 because it is a replicated function.`);
    }
    this.functions.delete(name);
    return { status: 204, body: '' };
  }

  /** Everything that is there, to compare two ways to it. */
  snapshot() {
    return {
      stacks: this.stacks.snapshot(),
      buckets: this.buckets.snapshot(),
      secrets: [...this.secrets.keys()].sort(),
      functions: [...this.functions.keys()].sort(),
    };
  }
}

/** @param {string} operation @param {string} content */
function xml(operation, content) {
  return { body: `<${operation}Response><${operation}Result>${content}</${operation}Result><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></${operation}Response>` };
}

/** @param {object} value */
function json(value) {
  return { type: 'application/x-amz-json-1.1', body: JSON.stringify(value) };
}
