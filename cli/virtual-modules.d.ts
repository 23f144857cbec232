// What the bundler bakes in (bundle.mjs).

declare module 'oss-edge:gate' {
  export const gate: import('../js-shim/core/gate.mjs').Gate;

  /** The source of access keys that aren't baked in, which the gate decides by; nothing where they are. */
  export const createKeys: (
    parts: Omit<Parameters<typeof import('../js-shim/keys/secrets-manager-keys.mjs').createSecretsManagerKeys>[0], 'credentials' | 'useDocuments'>,
  ) => import('../js-shim/keys/key-source.mjs').KeySource | undefined;
}

declare module 'oss-edge:api' {
  export const api: { domain: string; path: string } | undefined;
}

declare module 'oss-edge:wasm' {
  export const wasm: Buffer<ArrayBuffer>;
}
