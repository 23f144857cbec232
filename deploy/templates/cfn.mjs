/** What CloudFormation templates are written with. */
import { withSkips } from './checkov.mjs';

/** @typedef {{ Type: string, Properties?: Record<string, any>, [attribute: string]: any }} Resource */
/**
 * @typedef {object} Template
 * @property {string} AWSTemplateFormatVersion
 * @property {string} Description
 * @property {Record<string, any>} [Parameters]
 * @property {Record<string, any>} [Conditions]
 * @property {Record<string, Resource>} Resources
 * @property {Record<string, { Value: unknown, Description?: string }>} [Outputs]
 */

/** @param {string} name of a parameter or resource */
export const ref = (name) => ({ Ref: name });

/** @param {string} resource @param {string} attribute */
export const att = (resource, attribute) => ({ 'Fn::GetAtt': [resource, attribute] });

/** @param {string} text with `${…}` */
export const sub = (text) => ({ 'Fn::Sub': text });

/** @param {string} condition @param {unknown} then @param {unknown} otherwise */
export const when = (condition, then, otherwise = ref('AWS::NoValue')) => ({ 'Fn::If': [condition, then, otherwise] });

/**
 * The value of another stack's secret, or of its replica, in this stack's Region. No template shows it.
 *
 * @param {string} name
 */
export const secretValue = (name) => `{{resolve:secretsmanager:${name}:SecretString}}`;

/**
 * @param {string} description
 * @param {Omit<Template, 'AWSTemplateFormatVersion' | 'Description'>} rest
 * @returns {Template}
 */
export function template(description, rest) {
  const sections = { ...rest, Resources: withSkips(rest.Resources) };
  const filled = Object.entries(sections).filter(([, section]) => Object.keys(section ?? {}).length > 0);
  return /** @type {Template} */ ({
    AWSTemplateFormatVersion: '2010-09-09',
    Description: description,
    ...Object.fromEntries(filled),
  });
}

/** A logical id's part: letters and digits. @param {string} name as in `fleet-uploads` */
export function pascal(name) {
  return name
    .split(/[^a-z0-9]+/iu)
    .filter(Boolean)
    .map((word) => word[0].toUpperCase() + word.slice(1))
    .join('');
}

/**
 * @param {Record<string, any>[]} statements
 * @returns {{ Version: '2012-10-17', Statement: Record<string, any>[] }}
 */
export function policyDocument(statements) {
  return { Version: '2012-10-17', Statement: statements };
}

/** @param {string[]} services @returns {object} who may assume a role */
export function trust(services) {
  return policyDocument([{ Effect: 'Allow', Principal: { Service: services }, Action: 'sts:AssumeRole' }]);
}
