// What the first line of a bundled function has (cli/bundle.mjs), as JSON texts.

/** The configuration. */
declare const OSS_EDGE_CONFIG: string;

/** `api` and `relay` of the configuration. */
declare const OSS_EDGE_ENDPOINTS: string;

/** Where the relay is the entrance, `listener` of the configuration; otherwise null. */
declare const OSS_EDGE_LISTENER: string;

/** `headers.storageClasses` of the configuration. */
declare const OSS_EDGE_STORAGE_CLASSES: string;
