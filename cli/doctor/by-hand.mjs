// Assumptions that no request from outside can test, each with the reason. docs/assumptions.md says how to test them.

/** @type {readonly { id: string, what: string, why: string }[]} */
export const BY_HAND = [
  {
    id: 'A10',
    what: "errors of ListParts aren't shared",
    why: 'somebody must take the access keys away from the authorizer, and give them back',
  },
  {
    id: 'A25',
    what: 'gateway responses carry the refusals of the authorizer',
    why: "it takes the origin secret and the API's own address, which devices don't know",
  },
  {
    id: 'A27',
    what: 'CompleteMultipartUpload ends within 29 seconds',
    why: 'it takes an upload of 10,000 parts, which are 50 GB',
  },
  {
    id: 'A30',
    what: 'the Region and the credentials are in the environment',
    why: 'the log and CloudTrail tell which Region was asked',
  },
  {
    id: 'A31',
    what: 'CreatedDate of replicas grows with the version',
    why: 'Secrets Manager tells it, in two Regions',
  },
  {
    id: 'A32',
    what: 'a cold start with many keys',
    why: 'it takes 20,000 access keys, and the REPORT lines of the log',
  },
  {
    id: 'A46',
    what: 'a join ends before the client gives up',
    why: 'it takes uploads of 512 MiB in small parts, and a watch',
  },
  {
    id: 'A61',
    what: "a web function's endpoint has its domain before its first revision",
    why: '`oss-edge deploy` has shown it, where the backend is "web-function"',
  },
  {
    id: 'A62',
    what: 'logs of edge functions go to the groups that are there',
    why: 'the metric Accepted in CloudWatch tells it, in the Region that served these requests',
  },
  {
    id: 'A63',
    what: 'a stack that failed gives its edge functions back',
    why: 'it takes a deployment that fails',
  },
  {
    id: 'A64',
    what: 'S3 allows a distribution as soon as its policy is set',
    why: 'the last lines of the first `oss-edge deploy` tell it',
  },
  {
    id: 'A65',
    what: 'drift-aware change sets',
    why: 'somebody must change a resource by hand; `oss-edge deploy diff --revert-drift` shows it then',
  },
  ...['A71', 'A72', 'A73', 'A74', 'A75', 'A76'].map((id) => ({
    id,
    what: 'a network between clouds, or addresses of your own',
    why: "`oss-edge network` says what it finds, and devices' requests show nothing of it",
  })),
  {
    id: 'A82',
    what: 'what origin-request takes away is gone, and what it adds arrives',
    why: 'A7 and A8 try it where `triggers` is "origin-request"',
  },
  ...['A110', 'A111', 'A112', 'A113', 'A114', 'A115'].map((id) => ({
    id,
    what: 'a private entrance',
    why: "it is reached from a VPC alone, and the relay's log tells it",
  })),
];
