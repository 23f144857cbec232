// A template's values, as CloudFormation would resolve them once the stack exists.

import { ACCOUNT } from './fixture.mjs';

/**
 * @param {import('../../deploy/stacks.mjs').Stack} stack
 * @param {Record<string, string>} [parameters]
 * @returns {Record<string, any>} properties by logical id
 */
export function resolved({ template, region }, parameters = {}) {
  const { Resources, Parameters = {}, Conditions = {} } = template;
  const pseudo = { 'AWS::AccountId': ACCOUNT, 'AWS::Region': region, 'AWS::StackName': 'stack' };
  const given = Object.fromEntries(Object.entries(Parameters).map(([name, { Default }]) => [name, parameters[name] ?? Default]));

  /** @param {string} name @returns {any} */
  const refOf = (name) => {
    if (name in pseudo) return /** @type {any} */ (pseudo)[name];
    if (name in given) return given[name];
    // An attribute, which only AWS knows.
    if (name.includes('.')) return name;
    const resource = Resources[name];
    if (resource === undefined) throw new Error(`no ${name}`);
    const { BucketName, FunctionName } = resource.Properties ?? {};
    return typeof BucketName === 'string' ? BucketName : typeof FunctionName === 'string' ? FunctionName : name.toLowerCase();
  };

  /** @param {any} value @returns {any} */
  const valueOf = (value) => {
    if (Array.isArray(value)) return value.map(valueOf).filter((one) => one !== undefined);
    if (typeof value !== 'object' || value === null) return value;
    if ('Ref' in value) return value.Ref === 'AWS::NoValue' ? undefined : refOf(value.Ref);
    if ('Fn::GetAtt' in value) return value['Fn::GetAtt'].join('.');
    if ('Fn::Sub' in value) return value['Fn::Sub'].replaceAll(/\$\{([^}!]+)\}/gu, (/** @type {string} */ _, /** @type {string} */ name) => refOf(name));
    if ('Fn::If' in value) return valueOf(value['Fn::If'][holds(Conditions[value['Fn::If'][0]]) ? 1 : 2]);
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, valueOf(one)]));
  };

  /** @param {any} condition @returns {boolean} */
  const holds = (condition) => {
    if ('Fn::Not' in condition) return !holds(condition['Fn::Not'][0]);
    const [one, other] = condition['Fn::Equals'].map(valueOf);
    return one === other;
  };

  return Object.fromEntries(Object.entries(Resources).map(([id, { Properties = {} }]) => [id, valueOf(Properties)]));
}
