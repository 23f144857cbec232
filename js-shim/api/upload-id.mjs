// The upload id as the client has it.

/** What the core looks for at the end of an id (src/upload_id.rs). */
const FORBID_OVERWRITE = '~forbid-overwrite';

/** @param {string} uploadId S3's @param {Set<string>} options */
export function markedUploadId(uploadId, options) {
  return options.has('forbid-overwrite') ? uploadId + FORBID_OVERWRITE : uploadId;
}
