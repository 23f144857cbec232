// CloudFormation as far as `deploy` calls it: change sets, their effects, and what a failure leaves.

import { ACCOUNT, AwsError, digest, escaped } from './fake-answers.mjs';

/** @typedef {{ Type: string, Properties?: any, DeletionPolicy?: string }} Resource */
/**
 * @typedef {object} Stack
 * @property {string} name
 * @property {string} region
 * @property {string} status
 * @property {string} [next] status after the present one
 * @property {any} [template]
 * @property {Record<string, string>} parameters
 * @property {Record<string, string>} outputs
 * @property {{ id: string, resource: string, status: string, reason?: string, at: number }[]} events the oldest first
 *
 * @typedef {{ id: string, stack: Stack, type: string, template: any, parameters: Record<string, string>,
 *   status: string, reason?: string, changes: string[], drift: string[] }} ChangeSet
 */

export class FakeStacks {
  /** @type {Map<string, Stack>} by Region and name */
  all = new Map();
  /** @type {Map<string, ChangeSet>} */
  changeSets = new Map();
  /** Logical ids whose next creation or change fails. @type {Set<string>} */
  failing = new Set();
  /** Logical ids of resources that somebody changed by hand. @type {Set<string>} */
  drifted = new Set();
  #aws;
  #count = 0;

  /** @param {import('./fake-aws.mjs').FakeAws} aws */
  constructor(aws) {
    this.#aws = aws;
  }

  /** @param {string} region @param {string} operation @param {any} input @returns {string} XML */
  call(region, operation, input) {
    const stack = this.all.get(`${region} ${input.StackName}`);
    if (operation === 'DescribeStacks') return described(this.#known(stack, input.StackName, true));
    if (operation === 'CreateChangeSet') return this.#createChangeSet(region, stack, input);
    if (operation === 'DescribeChangeSet') return changeSetXml(this.#changeSet(input));
    if (operation === 'DeleteChangeSet') {
      this.changeSets.delete(input.ChangeSetName);
      return '';
    }
    if (operation === 'ExecuteChangeSet') return this.#execute(this.#changeSet(input));
    if (operation === 'DescribeStackEvents') return eventsXml(this.#known(stack, input.StackName, false));
    if (operation === 'DeleteStack') return this.#delete(stack);
    throw new AwsError('InvalidAction', operation);
  }

  snapshot() {
    const stacks = [...this.all.values()].map(({ name, region, status, template, parameters, outputs }) => [
      `${name} ${region}`,
      { status: status.replace('UPDATE', 'CREATE'), template, parameters, outputs },
    ]);
    return Object.fromEntries(stacks.sort(([one], [other]) => (String(one) < String(other) ? -1 : 1)));
  }

  /** @param {Stack | undefined} stack @param {string} name @param {boolean} passes time @returns {Stack} */
  #known(stack, name, passes) {
    if (stack === undefined || stack.status === 'DELETE_COMPLETE') throw new AwsError('ValidationError', `Stack with id ${name} does not exist`);
    const seen = { ...stack };
    if (passes && stack.next !== undefined) {
      stack.status = stack.next;
      stack.next = undefined;
      if (stack.status === 'DELETE_COMPLETE') this.all.delete(`${stack.region} ${stack.name}`);
    }
    return seen;
  }

  /** @param {any} input @returns {ChangeSet} */
  #changeSet({ ChangeSetName }) {
    const found = this.changeSets.get(ChangeSetName);
    if (found === undefined) throw new AwsError('ChangeSetNotFound', `ChangeSet [${ChangeSetName}] does not exist`, 404);
    return found;
  }

  /** @param {string} region @param {Stack | undefined} stack @param {any} input */
  #createChangeSet(region, stack, input) {
    const { StackName: name, ChangeSetType: type, Parameters = [], Capabilities = [], DeploymentMode } = input;
    const exists = stack !== undefined && stack.status !== 'REVIEW_IN_PROGRESS';
    if (type === 'CREATE' && exists) throw new AwsError('AlreadyExistsException', `Stack [${name}] already exists and cannot be created again`);
    if (type === 'UPDATE' && !exists) throw new AwsError('ValidationError', `Stack [${name}] does not exist`);
    if (exists && !/^(CREATE|UPDATE|UPDATE_ROLLBACK)_COMPLETE$/u.test(stack.status)) {
      throw new AwsError('ValidationError', `Stack:${name} is in ${stack.status} state and can not be updated.`);
    }
    const template = JSON.parse(input.TemplateBody ?? this.#stored(input.TemplateURL));
    if (input.TemplateBody !== undefined && Buffer.byteLength(input.TemplateBody) > 51_200) throw new AwsError('ValidationError', 'templateBody is too long');
    const parameters = parametersOf(template, Parameters);
    const resources = Object.entries(/** @type {Record<string, Resource>} */ (template.Resources));
    if (resources.some(([, { Type }]) => Type === 'AWS::IAM::Role') && !Capabilities.includes('CAPABILITY_IAM')) {
      throw new AwsError('InsufficientCapabilitiesException', 'Requires capabilities : [CAPABILITY_IAM]');
    }
    const target = stack ?? { name, region, status: 'REVIEW_IN_PROGRESS', parameters: {}, outputs: {}, events: [] };
    this.all.set(`${region} ${name}`, target);
    const looksForDrift = DeploymentMode === 'REVERT_DRIFT';
    if (looksForDrift && !exists) throw new AwsError('ValidationError', 'REVERT_DRIFT is for stacks that exist');
    const drift = looksForDrift ? Object.keys(template.Resources).filter((id) => this.drifted.has(id)) : [];
    const changes = [...changesOf(exists ? target : undefined, template, parameters), ...drift.map((id) => driftOf(id, template.Resources[id].Type))];
    const id = `arn:aws:cloudformation:${region}:${ACCOUNT}:changeSet/${input.ChangeSetName}/${(this.#count += 1)}`;
    const isEmpty = exists && changes.length === 0;
    this.changeSets.set(id, {
      id,
      stack: target,
      type,
      template,
      parameters,
      changes,
      drift,
      status: isEmpty ? 'FAILED' : 'CREATE_COMPLETE',
      ...(isEmpty ? { reason: "The submitted information didn't contain changes. Submit different information to create a change set." } : {}),
    });
    return `<Id>${id}</Id>`;
  }

  /** @param {string} url */
  #stored(url) {
    const [, bucket, key] = /^https:\/\/([^.]+)\.s3\.[^/]+\/(.+)$/u.exec(url) ?? [];
    const found = this.#aws.buckets.all.get(bucket)?.objects.get(key);
    if (found === undefined) throw new AwsError('ValidationError', `${url}: S3 error: The specified key does not exist.`);
    return found.toString();
  }

  /** @param {ChangeSet} changeSet */
  #execute({ stack, type, template, parameters, drift }) {
    for (const id of drift) this.drifted.delete(id);
    const verb = type === 'CREATE' ? 'CREATE' : 'UPDATE';
    stack.status = `${verb}_IN_PROGRESS`;
    const event = (/** @type {string} */ resource, /** @type {string} */ status, /** @type {string} */ reason = '') =>
      stack.events.push({ id: String((this.#count += 1)), resource, status, reason, at: Date.now() });
    const created = [];
    for (const [id, resource] of Object.entries(/** @type {Record<string, Resource>} */ (template.Resources))) {
      const before = stack.template?.Resources[id];
      const text = JSON.stringify(resource);
      if (before !== undefined && JSON.stringify(before) === text && JSON.stringify(parameters) === JSON.stringify(stack.parameters)) continue;
      const fault = this.#fault(stack, id, resource, text, parameters, before === undefined);
      if (fault !== undefined) {
        event(id, `${before === undefined ? 'CREATE' : 'UPDATE'}_FAILED`, fault);
        for (const [one, made] of created.toReversed()) this.#remove(stack, one, made, true);
        stack.next = verb === 'CREATE' ? 'ROLLBACK_COMPLETE' : 'UPDATE_ROLLBACK_COMPLETE';
        return '';
      }
      if (before === undefined) {
        this.#make(stack, id, resource);
        created.push(/** @type {const} */ ([id, resource]));
      }
      event(id, `${before === undefined ? 'CREATE' : 'UPDATE'}_COMPLETE`);
    }
    for (const [id, resource] of Object.entries(/** @type {Record<string, Resource>} */ (stack.template?.Resources ?? {}))) {
      if (!(id in template.Resources)) this.#remove(stack, id, resource, false);
    }
    Object.assign(stack, { template, parameters, next: `${verb}_COMPLETE` });
    stack.outputs = Object.fromEntries(Object.entries(template.Outputs ?? {}).map(([key, { Value }]) => [key, resolvedText(stack, Value)]));
    return '';
  }

  /**
   * Why a resource can't be made.
   *
   * @param {Stack} stack @param {string} id @param {Resource} resource @param {string} text
   * @param {Record<string, string>} parameters @param {boolean} isNew
   * @returns {string | undefined}
   */
  #fault({ region }, id, { Type, Properties = {} }, text, parameters, isNew) {
    if (this.failing.delete(id)) return 'Internal Failure';
    for (const [, name] of text.matchAll(/\{\{resolve:secretsmanager:([^:}]+):SecretString\}\}/gu)) {
      // One of the same stack comes first, by the reference.
      if (name.startsWith('${')) continue;
      if (!this.#aws.secrets.has(`${region} ${name}`)) return `Secrets Manager can't find the specified secret ${name} in ${region}`;
    }
    const key = Properties.Code?.S3Key ?? Properties.BuildConfig?.CodeConfig.S3Object.Key;
    if (key !== undefined && !this.#aws.buckets.all.get(parameters.ArtifactBucket)?.objects.has(key)) return `S3 Error Code: NoSuchKey ${key}`;
    if (isNew && Type === 'AWS::S3::Bucket' && this.#aws.buckets.all.has(Properties.BucketName)) return `${Properties.BucketName} already exists`;
    if (isNew && Type === 'AWS::SecretsManager::Secret' && this.#aws.secrets.has(`${region} ${Properties.Name}`)) return `${Properties.Name} already exists`;
    if (isNew && Type === 'AWS::Lambda::Function' && this.#aws.functions.has(Properties.FunctionName)) return `${Properties.FunctionName} already exists`;
    return undefined;
  }

  /** @param {Stack} stack @param {string} id @param {Resource} resource */
  #make({ name, region }, id, { Type, Properties = {} }) {
    if (Type === 'AWS::S3::Bucket') this.#aws.buckets.create(bucketName(name, region, id, Properties));
    if (Type === 'AWS::Lambda::Function' && name.endsWith('-edge')) this.#aws.functions.set(Properties.FunctionName, true);
    if (Type !== 'AWS::SecretsManager::Secret') return;
    const value = Properties.GenerateSecretString ? `generated ${digest(Properties.Name)}` : undefined;
    for (const where of [region, ...(Properties.ReplicaRegions ?? []).map((/** @type {any} */ one) => one.Region)]) {
      this.#aws.secrets.set(`${where} ${Properties.Name}`, { value, createdAt: this.#aws.now });
    }
  }

  /** @param {Stack} stack @param {string} id @param {Resource} resource @param {boolean} rollback */
  #remove({ name, region }, id, { Type, Properties = {}, DeletionPolicy = 'Delete' }, rollback) {
    if (DeletionPolicy === 'Retain' || (DeletionPolicy === 'RetainExceptOnCreate' && !rollback)) return;
    if (Type === 'AWS::S3::Bucket') this.#aws.buckets.all.delete(bucketName(name, region, id, Properties));
    if (Type === 'AWS::Lambda::Function') this.#aws.functions.delete(Properties.FunctionName);
    if (Type !== 'AWS::SecretsManager::Secret') return;
    for (const where of [region, ...(Properties.ReplicaRegions ?? []).map((/** @type {any} */ one) => one.Region)]) this.#aws.secrets.delete(`${where} ${Properties.Name}`);
  }

  /** @param {Stack | undefined} stack */
  #delete(stack) {
    if (stack === undefined) return '';
    for (const [id, resource] of Object.entries(/** @type {Record<string, Resource>} */ (stack.template?.Resources ?? {}))) this.#remove(stack, id, resource, false);
    Object.assign(stack, { status: 'DELETE_IN_PROGRESS', next: 'DELETE_COMPLETE' });
    return '';
  }
}

/** @param {any} template @param {any[]} given @returns {Record<string, string>} */
function parametersOf(template, given) {
  const declared = template.Parameters ?? {};
  const values = Object.fromEntries(given.map(({ ParameterKey, ParameterValue }) => [ParameterKey, ParameterValue]));
  const unknown = Object.keys(values).filter((name) => !(name in declared));
  if (unknown.length > 0) throw new AwsError('ValidationError', `Parameters: [${unknown.join(', ')}] do not exist in the template`);
  return Object.fromEntries(
    Object.entries(declared).map(([name, { Default, AllowedPattern, AllowedValues }]) => {
      const value = values[name] ?? Default;
      if (value === undefined) throw new AwsError('ValidationError', `Parameters: [${name}] must have values`);
      if (AllowedPattern && !new RegExp(AllowedPattern, 'u').test(value)) throw new AwsError('ValidationError', `Parameter ${name} failed to satisfy constraint ${AllowedPattern}`);
      if (AllowedValues && !AllowedValues.includes(value)) throw new AwsError('ValidationError', `Parameter ${name} must be one of ${AllowedValues}`);
      return [name, value];
    }),
  );
}

/** @param {Stack | undefined} before @param {any} template @param {Record<string, string>} parameters @returns {string[]} XML of each */
function changesOf(before, template, parameters) {
  const old = before?.template?.Resources ?? {};
  const change = (/** @type {string} */ action, /** @type {string} */ id, /** @type {string} */ type, more = '') =>
    `<member><Type>Resource</Type><ResourceChange><Action>${action}</Action><LogicalResourceId>${id}</LogicalResourceId><ResourceType>${type}</ResourceType>${more}</ResourceChange></member>`;
  const changed = Object.keys(parameters).filter((name) => parameters[name] !== before?.parameters[name]);
  const isChanged = (/** @type {any} */ one, /** @type {any} */ other) =>
    JSON.stringify(one) !== JSON.stringify(other) || changed.some((name) => JSON.stringify(other).includes(`"Ref":"${name}"`) || JSON.stringify(other).includes(`Has${name.replace('Arn', '')}`));
  return [
    ...Object.entries(template.Resources).flatMap(([id, resource]) => {
      if (!(id in old)) return [change('Add', id, resource.Type)];
      if (!isChanged(old[id], resource)) return [];
      const names = Object.keys(resource.Properties ?? {}).filter((name) => JSON.stringify(resource.Properties[name]) !== JSON.stringify(old[id].Properties?.[name]));
      const details = names.map((name) => `<member><Target><Attribute>Properties</Attribute><Name>${name}</Name></Target></member>`).join('');
      return [change('Modify', id, resource.Type, `<Replacement>False</Replacement><Details>${details}</Details>`)];
    }),
    ...Object.entries(old)
      .filter(([id]) => !(id in template.Resources))
      .map(([id, { Type, DeletionPolicy = 'Delete' }]) => change('Remove', id, Type, `<PolicyAction>${DeletionPolicy.startsWith('Retain') ? 'Retain' : 'Delete'}</PolicyAction>`)),
  ];
}

/** @param {string} id @param {string} type */
function driftOf(id, type) {
  const details = '<Details><member><Target><Attribute>Properties</Attribute><Name>Policies</Name></Target></member></Details>';
  return `<member><Type>Resource</Type><ResourceChange><Action>Modify</Action><LogicalResourceId>${id}</LogicalResourceId><ResourceType>${type}</ResourceType><Replacement>False</Replacement><ResourceDriftStatus>MODIFIED</ResourceDriftStatus>${details}</ResourceChange></member>`;
}

/** @param {ChangeSet} changeSet */
function changeSetXml({ id, status, reason = '', changes }) {
  return `<ChangeSetId>${id}</ChangeSetId><Status>${status}</Status><StatusReason>${escaped(reason)}</StatusReason><Changes>${changes.join('')}</Changes>`;
}

/** @param {Stack} stack */
function described({ name, status, outputs }) {
  const members = Object.entries(outputs).map(([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${escaped(value)}</OutputValue></member>`);
  return `<Stacks><member><StackName>${name}</StackName><StackStatus>${status}</StackStatus><CreationTime>2026-01-01T00:00:00Z</CreationTime><Outputs>${members.join('')}</Outputs></member></Stacks>`;
}

/** @param {Stack} stack */
function eventsXml({ name, events }) {
  const members = events.toReversed().map(
    ({ id, resource, status, reason = '', at }) =>
      `<member><StackId>s</StackId><StackName>${name}</StackName><EventId>${id}</EventId><LogicalResourceId>${resource}</LogicalResourceId>` +
      `<ResourceStatus>${status}</ResourceStatus><ResourceStatusReason>${escaped(reason)}</ResourceStatusReason><Timestamp>${new Date(at).toISOString()}</Timestamp></member>`,
  );
  return `<StackEvents>${members.join('')}</StackEvents>`;
}

/** @param {string} stack @param {string} region @param {string} id @param {any} properties */
function bucketName(stack, region, id, { BucketName }) {
  return BucketName ?? `${stack}-${region}-${id}`.toLowerCase();
}

/** @param {Stack} stack @param {any} value @returns {string} */
function resolvedText(stack, value) {
  if (typeof value === 'string') return value;
  if (value['Fn::GetAtt']) return value['Fn::GetAtt'][1] === 'DomainName' ? `${digest(value)}.example.net`.toLowerCase() : value['Fn::GetAtt'].join('.');
  if (value['Fn::Sub']) return value['Fn::Sub'].replaceAll('${Api}', 'abc123').replaceAll('${AWS::Region}', stack.region);
  const { Type, Properties = {} } = stack.template.Resources[value.Ref];
  if (Type === 'AWS::S3::Bucket') return bucketName(stack.name, stack.region, value.Ref, Properties);
  return `E${digest([stack.name, value.Ref])}`;
}
