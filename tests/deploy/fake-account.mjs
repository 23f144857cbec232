// What AWS says of an account: its user, quotas, what is there already, and what its policies allow.

import { ACCOUNT, AwsError, escaped } from './fake-answers.mjs';

export class FakeAccount {
  caller = `arn:aws:sts::${ACCOUNT}:assumed-role/Deployer/somebody`;
  /** The caller's role, with a path that its session doesn't show. */
  role = `arn:aws:iam::${ACCOUNT}:role/teams/Deployer`;
  /** Regions that the account doesn't have. @type {Set<string>} */
  disabled = new Set();
  /** Actions that are denied. @type {Map<string, { decision: 'implicitDeny' | 'explicitDeny', missing?: string[], organization?: boolean }>} */
  denied = new Map();
  /** Simulations that were asked for. @type {{ PolicySourceArn: string, ActionNames: string[], ResourceArns: string[] }[]} */
  simulated = [];
  /** Of CloudFront, by name. @type {Record<string, number>} */
  quotas = { 'Web distributions per AWS account': 200, 'Custom origin request policies per AWS account': 20 };
  /** Of other deployments. */
  present = { distributions: 3, originRequestPolicies: 2, originAccessControls: 1, responseHeadersPolicies: 0 };
  /** By Region. @type {Map<string, number>} */
  concurrency = new Map();
  /** Services that don't answer this caller. @type {Set<string>} */
  refused = new Set();

  /** @param {string} region */
  identity(region) {
    if (this.disabled.has(region)) throw new AwsError('InvalidClientTokenId', 'The security token included in the request is invalid', 403);
    return `<Account>${ACCOUNT}</Account><Arn>${this.caller}</Arn><UserId>u</UserId>`;
  }

  /** @param {string} operation @param {any} input @returns {string} XML */
  iam(operation, input) {
    this.#mayAsk(`iam ${operation}`, operation);
    if (operation === 'GetRole') {
      if (!this.role.endsWith(`/${input.RoleName}`)) throw new AwsError('NoSuchEntity', `The role with name ${input.RoleName} cannot be found.`, 404);
      return `<Role><Arn>${this.role}</Arn><RoleName>${input.RoleName}</RoleName></Role>`;
    }
    this.simulated.push(input);
    const members = input.ActionNames.map((/** @type {string} */ action) => this.#evaluated(action, input.ResourceArns));
    // In two pages, as IAM may answer.
    const [first, second] = [members.slice(0, 3), members.slice(3)];
    const page = input.Marker ? second : first;
    const isTruncated = !input.Marker && second.length > 0;
    return `<EvaluationResults>${page.join('')}</EvaluationResults><IsTruncated>${isTruncated}</IsTruncated>${isTruncated ? '<Marker>m</Marker>' : ''}`;
  }

  /** @param {string} action @param {string[]} resources */
  #evaluated(action, resources) {
    const { decision = 'allowed', missing = [], organization = false } = this.denied.get(action) ?? {};
    const keys = `<MissingContextValues>${missing.map((key) => `<member>${key}</member>`).join('')}</MissingContextValues>`;
    const detail = organization ? '<OrganizationsDecisionDetail><AllowedByOrganizations>false</AllowedByOrganizations></OrganizationsDecisionDetail>' : '';
    const specific = resources.map((arn) => `<member><EvalResourceName>${escaped(arn)}</EvalResourceName><EvalResourceDecision>${decision}</EvalResourceDecision>${keys}</member>`);
    return `<member><EvalActionName>${action}</EvalActionName><EvalResourceName>*</EvalResourceName><EvalDecision>${decision}</EvalDecision>${detail}<ResourceSpecificResults>${specific.join('')}</ResourceSpecificResults></member>`;
  }

  /** @param {string} operation @param {any} input @returns {object} JSON */
  serviceQuotas(operation, { ServiceCode, NextToken }) {
    this.#mayAsk('servicequotas', operation);
    const all = Object.entries(this.quotas).map(([QuotaName, Value]) => ({ ServiceCode, QuotaName, QuotaCode: 'L-00000000', Value }));
    return NextToken ? { Quotas: all.slice(1) } : { Quotas: all.slice(0, 1), NextToken: 'n' };
  }

  /** @param {string} operation @param {any} input @returns {string} XML */
  cloudFront(operation, { Marker }) {
    this.#mayAsk('cloudfront', operation);
    const lists = /** @type {Record<string, [list: string, count: number]>} */ ({
      ListDistributions: ['DistributionList', this.present.distributions],
      ListOriginRequestPolicies: ['OriginRequestPolicyList', this.present.originRequestPolicies],
      ListOriginAccessControls: ['OriginAccessControlList', this.present.originAccessControls],
      ListResponseHeadersPolicies: ['ResponseHeadersPolicyList', this.present.responseHeadersPolicies],
    });
    const [list, count] = lists[operation];
    const first = Math.min(count, 1);
    return `<${list}><MaxItems>1</MaxItems><Quantity>${Marker ? count - first : first}</Quantity>${!Marker && count > 1 ? '<NextMarker>m</NextMarker>' : ''}</${list}>`;
  }

  /** @param {string} region */
  settings(region) {
    this.#mayAsk('lambda', 'GetAccountSettings');
    const limit = this.concurrency.get(region) ?? 1000;
    return { AccountLimit: { ConcurrentExecutions: limit, UnreservedConcurrentExecutions: limit }, AccountUsage: { FunctionCount: 0 } };
  }

  /** @param {string} service @param {string} operation */
  #mayAsk(service, operation) {
    if (this.refused.has(service.split(' ')[0]) || this.refused.has(service)) throw new AwsError('AccessDenied', `not authorized to perform ${operation}`, 403);
  }
}
