// What the bundler bakes in (bundle.mjs).

declare module 'oss-edge:documents' {
  export const config: unknown;
  export const accessKeys: unknown;
}

declare module 'oss-edge:api' {
  export const api: { domain: string; path: string } | undefined;
}

declare module 'oss-edge:wasm' {
  export const wasm: Buffer<ArrayBuffer>;
}
