// What the bundler bakes in (bundle.mjs).

declare module 'oss-edge:documents' {
  export const config: unknown;
  export const accessKeys: unknown;
}

declare module 'oss-edge:keys' {
  /** The source of access keys that aren't baked in, or nothing where they are. */
  export const createKeys: (
    parts: Omit<Parameters<typeof import('./secrets-manager-keys.mjs').createSecretsManagerKeys>[0], 'credentials'>,
  ) => import('./key-source.mjs').KeySource | undefined;
}

declare module 'oss-edge:api' {
  export const api: { domain: string; path: string } | undefined;
}

declare module 'oss-edge:wasm' {
  export const wasm: Buffer<ArrayBuffer>;
}
