// What the bundler defines (cli/bundle.mjs), as JSON texts.

/** The configuration. */
declare const OSS_EDGE_CONFIG: string;

/** `api` of the configuration, or `null`. */
declare const OSS_EDGE_API: string;
