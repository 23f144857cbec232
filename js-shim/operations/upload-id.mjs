// Upload ids as the client sees them.

/** The end of an id by which the core knows that the upload may not overwrite an object. */
const FORBID_OVERWRITE = '~forbid-overwrite';

/** @param {string} uploadId S3's @param {ReadonlySet<string>} options */
export function markedUploadId(uploadId, options) {
  return options.has('forbid-overwrite') ? uploadId + FORBID_OVERWRITE : uploadId;
}
