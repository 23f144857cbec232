// The deployment that the requests of the tests were made for. oss2, Go and Java take `localhost` for an endpoint in path style;
// here it is in CNAME style, so they are refused.

export const KEY = { accessKeyId: 'LTAI5tTestDevice0001', accessKeySecret: 'testSecret0001abcdefghijklmno' };
export const OTHER_KEY = { accessKeyId: 'LTAI5tTestDevice0002', accessKeySecret: 'testSecret0002abcdefghijklmno' };

export const DOCUMENTS = {
  config: {
    maxClockSkewSeconds: 300,
    hosts: [
      { host: '*.oss.example.com', style: 'virtual-hosted' },
      { host: 'uploads.example.com', style: 'cname', bucket: 'fleet-uploads' },
      { host: '127.0.0.1', style: 'path' },
      { host: 'path.example.com', style: 'path' },
      { host: 'localhost', style: 'cname', bucket: 'fleet-uploads' },
    ],
    buckets: {
      'fleet-uploads': { s3Bucket: 'fleet-uploads-prod', region: 'us-east-1' },
      'fleet-logs': { s3Bucket: 'fleet-logs-prod', region: 'us-east-1' },
    },
    api: { domain: 'abc123.execute-api.us-east-1.amazonaws.com', path: '/prod' },
  },
  accessKeys: {
    accessKeys: [
      {
        accessKeyId: KEY.accessKeyId,
        secrets: [
          { generation: 'new', secret: KEY.accessKeySecret },
          { generation: 'old', secret: 'testSecret0001ofTheLastYear00', notAfter: '2026-01-01T00:00:00Z' },
        ],
      },
      OTHER_KEY,
      { accessKeyId: 'STS.NUTestDevice0003', accessKeySecret: 'testSecret0003abcdefghijklmno', securityToken: 'CAIS+test/token==' },
    ],
    masterKeys: [{ id: 'a1', secret: '0123456789abcdefghijABCDEFGHIJ0123', allow: [{}] }],
  },
};
