// The driver of npm's aliyun-sdk, whose interface is an early AWS SDK's. Its argument is the installed package's name.

import dns from 'node:dns';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createInterface } from 'node:readline';

// Every name is this machine.
dns.lookup = (_host, options, callback = options) =>
  options.all ? callback(null, [{ address: '127.0.0.1', family: 4 }]) : callback(null, '127.0.0.1', 4);
// What the SDK prints must not mix with the answers.
console.log = console.error;

const ALY = createRequire(import.meta.url)(process.argv[2]);

const operations = {
  putBytes: async (client, { file, ...device }) => ({
    etag: (await client('putObject', { ...object(device), Body: await readFile(file) })).ETag,
  }),
  putStream: async (client, { file, ...device }) => ({
    etag: (await client('putObject', { ...object(device), Body: createReadStream(file) })).ETag,
  }),
  parts: async (client, { file, partSize, ...device }) => {
    const { UploadId } = await client('createMultipartUpload', object(device));
    const part = { Bucket: device.bucket, Key: device.key, UploadId };
    const body = await readFile(file);
    const Parts = [];
    for (let offset = 0; offset < body.length; offset += partSize) {
      const PartNumber = Parts.length + 1;
      const { ETag } = await client('uploadPart', {
        ...part,
        PartNumber: String(PartNumber),
        Body: body.subarray(offset, offset + partSize),
      });
      Parts.push({ PartNumber, ETag });
    }
    const listed = await client('listParts', part);
    const { ETag } = await client('completeMultipartUpload', { ...part, CompleteMultipartUpload: { Parts } });
    return { etag: ETag, parts: listed.Parts.length };
  },
  abort: async (client, device) => {
    const { UploadId } = await client('createMultipartUpload', object(device));
    await client('abortMultipartUpload', { Bucket: device.bucket, Key: device.key, UploadId });
    return {};
  },
  // It has no question of its own: apps ask for the object's headers.
  exists: (client, { bucket, key }) =>
    client('headObject', { Bucket: bucket, Key: key }).then(
      () => ({ exists: true }),
      (error) => (error.statusCode === 404 ? { exists: false } : Promise.reject(error)),
    ),
  presign: async (client, { bucket, key }) => ({
    url: await client('getSignedUrl', 'putObject', { Bucket: bucket, Key: key, Expires: 60 }),
  }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const { id, operation, ...device } = JSON.parse(line);
  process.stdout.write(`${JSON.stringify({ id, ...(await answer(operation, device)) })}\n`);
}

async function answer(operation, device) {
  if (!operations[operation] || device.signature === 'v4') return { unsupported: `${operation}, ${device.signature}` };
  try {
    return await operations[operation](clientOf(device), device);
  } catch (error) {
    const { name, message, code, statusCode: status, requestId } = error;
    return { error: { type: name, message, status, code, requestId } };
  }
}

function clientOf({ accessKeyId, accessKeySecret, securityToken, endpoint, cname }) {
  const sdk = new ALY.OSS({
    accessKeyId,
    secretAccessKey: accessKeySecret,
    securityToken,
    endpoint,
    apiVersion: '2013-10-15',
    cname,
  });
  return (method, ...parameters) =>
    new Promise((resolve, reject) => {
      sdk[method](...parameters, (error, data) => (error ? reject(error) : resolve(data)));
    });
}

function object({ bucket, key, contentType, metadata }) {
  return { Bucket: bucket, Key: key, ContentType: contentType, Metadata: metadata };
}
