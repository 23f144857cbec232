export default {
  mode: 'production',
  target: 'node22',
  entry: './viewer-request.mjs',
  experiments: { outputModule: true },
  output: { filename: 'index.mjs', module: true, library: { type: 'module' } },
  module: { rules: [{ test: /\.wasm$/u, type: 'asset/bytes' }] },
};
