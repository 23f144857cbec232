// A device that uploads in parts, as the edge and the operations serve it, against an S3.

import { createHash } from 'node:crypto';

import { AbortMultipartUploadCommand, CreateMultipartUploadCommand, PutObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3';

import { complete } from '../../js-shim/operations/complete.mjs';
import { listParts } from '../../js-shim/operations/list-parts.mjs';

export const BUCKET = 'uploads-in-s3';
export const KIB = 1024;
export const MIB = 1024 * KIB;
export const LEAST = 5 * MIB;

/** Bytes of a size that differ from those of another number. */
export function content(size, seed = 1) {
  const key = `${size} ${seed}`;
  const bytes = contents.get(key) ?? Buffer.alloc(size, createHash('sha256').update(key).digest());
  contents.set(key, bytes);
  return bytes;
}
/** @type {Map<string, Buffer>} */
const contents = new Map();

export class Upload {
  /** @param {{ send: Function }} s3 @param {string} key @param {string} id S3's */
  constructor(s3, key, id, { forbidOverwrite = false, maxJoinBytes = 512 * MIB } = {}) {
    Object.assign(this, { s3, key, id, forbidOverwrite, maxJoinBytes });
  }

  static async begin(s3, key, options) {
    const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key: key }));
    return new Upload(s3, key, UploadId, options);
  }

  /** Where the edge sends a part (src/route/staged_part.rs). */
  async part(number, bytes, s3 = this.s3) {
    const command = bytes.length < LEAST
      ? new PutObjectCommand({ Bucket: BUCKET, Key: `.oss-edge/parts/${this.id}/${String(number).padStart(5, '0')}`, Body: bytes })
      : new UploadPartCommand({ Bucket: BUCKET, Key: this.key, UploadId: this.id, PartNumber: number, Body: bytes });
    const { ETag } = await s3.send(command);
    return { number, etag: ETag, bytes };
  }

  async parts(sizes, { from = 1 } = {}) {
    const sent = [];
    for (const [index, size] of sizes.entries()) sent.push(await this.part(from + index, content(size, from + index)));
    return sent;
  }

  abort(s3 = this.s3) {
    return s3.send(new AbortMultipartUploadCommand({ Bucket: BUCKET, Key: this.key, UploadId: this.id }));
  }

  /**
   * @param {{ number: number, etag: string }[] | 'all'} list
   * @param {import('../../js-shim/operations/join.mjs').MakeParts} [make]
   * @returns {Promise<string>} the ETag, or the error's name
   */
  async complete(list, s3 = this.s3, make = undefined) {
    const parts = list === 'all' ? [] : list.map(({ number, etag }) => `<Part><PartNumber>${number}</PartNumber><ETag>${etag.replaceAll('"', '&quot;')}</ETag></Part>`);
    const body = Buffer.from(list === 'all' ? '' : `<CompleteMultipartUpload>${parts.join('')}</CompleteMultipartUpload>`);
    const options = new Set(list === 'all' ? ['complete-all'] : []);
    const headers = this.forbidOverwrite ? { 'if-none-match': '*' } : {};
    try {
      const { document } = await complete(s3, { ...this.#request(), options, headers, body }, make);
      return /<ETag>(.*)<\/ETag>/u.exec(document)[1].replaceAll('&quot;', '"');
    } catch (error) {
      return error.name;
    }
  }

  /** The listed parts: number, ETag and size of each; or the error's name. */
  async listed({ maxParts = 1000, marker = 0 } = {}, s3 = this.s3) {
    const request = this.#request();
    request.query.set('max-parts', String(maxParts));
    request.query.set('part-number-marker', String(marker));
    try {
      const { document } = await listParts(s3, { ...request, uploadId: 'sealed', options: new Set() });
      const found = [...document.matchAll(/<PartNumber>(\d+)<[\s\S]*?<ETag>(.*?)<[\s\S]*?<Size>(\d+)</gu)];
      const parts = found.map(([, number, etag, size]) => ({ number: Number(number), etag: etag.replaceAll('&quot;', '"'), size: Number(size) }));
      return Object.assign(parts, { isTruncated: document.includes('<IsTruncated>true<') });
    } catch (error) {
      return error.name;
    }
  }

  #request() {
    return {
      bucket: 'fleet-uploads',
      key: this.key,
      object: { Bucket: BUCKET, Key: this.key },
      query: new URLSearchParams({ uploadId: this.id }),
      headers: {},
      url: 'http://h/k',
      staging: { folder: this.id, maxJoinBytes: this.maxJoinBytes, headers: {} },
    };
  }
}

/** Whether these are the bytes of a list's parts, one after another, without a copy of them all. */
export function areJoined(bytes, list) {
  let at = 0;
  return list.every((part) => part.bytes.equals(bytes.subarray(at, (at += part.bytes.length)))) && at === bytes.length;
}

/** The bytes of a list's parts, one after another. */
export function joined(list) {
  return Buffer.concat(list.map(({ bytes }) => bytes));
}
