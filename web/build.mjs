// Builds the page into src/toonmark/web/static. Names of files hold their hashes, so browsers may
// keep them; what can be compressed lies beside its file as .br and .gz.

import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, '../src/toonmark/web/static');
const assets = join(out, 'assets');
const source = (name) => join(here, 'src', name);
const installed = (name) => join(here, 'node_modules', name);

mkdirSync(assets, { recursive: true });
const written = new Set();
/** How its twins are packed; what is packed in another way has another name. */
const PACKING = 'gzip 9, brotli 11';

/** Writes a file under a name with its hash; gives that name. */
function put(name, content) {
  const hash = createHash('sha256').update(content).update(PACKING).digest('hex').slice(0, 10);
  const end = extname(name);
  const full = `${basename(name, end)}-${hash}${end}`;
  write(join(assets, full), content);
  return full;
}

function write(path, content) {
  written.add(path);
  const fresh = !existsSync(path) || !readFileSync(path).equals(Buffer.from(content));
  if (fresh) writeFileSync(path, content);
  if (['.jpg', '.png', '.webp'].includes(extname(path))) return;
  for (const [end, compress] of [['.br', brotli], ['.gz', gzip]]) {
    written.add(path + end);
    // The large WebAssembly file takes a minute, and never changes under its name.
    if (fresh || !existsSync(path + end)) writeFileSync(path + end, compress(content));
  }
}

const gzip = (content) => gzipSync(content, { level: 9 });
const brotli = (content) =>
  brotliCompressSync(content, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_SIZE_HINT]: content.length,
    },
  });

/** One bundle as text. */
async function bundle(entry, define = {}) {
  const result = await build({
    entryPoints: [source(entry)],
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['chrome111', 'firefox115', 'safari16.4'],
    // Of ONNX Runtime only what runs WebAssembly, which lies beside as a file.
    alias: { 'onnxruntime-web': installed('onnxruntime-web/dist/ort.wasm.min.mjs') },
    define: Object.fromEntries(Object.entries(define).map(([k, v]) => [k, JSON.stringify(v)])),
    legalComments: 'none',
    write: false,
    logLevel: 'warning',
  });
  return result.outputFiles[0].contents;
}

const runtime = (name) => readFileSync(installed(`onnxruntime-web/dist/${name}`));
const define = {
  ORT_MODULE: put('ort.mjs', runtime('ort-wasm-simd-threaded.mjs')),
  ORT_WASM: put('ort.wasm', runtime('ort-wasm-simd-threaded.wasm')),
};
const tracer = `assets/${put('tracer.wasm', readFileSync(installed('vtracer-wasm/vtracer.wasm')))}`;
const languages = readdirSync(source('words')).map((file) => basename(file, '.json')).filter((one) => one !== 'en');
const words = Object.fromEntries(
  languages.map((one) => [one, `assets/${put(`words-${one}.json`, readFileSync(source(`words/${one}.json`)))}`]),
);
const worker = put('worker.js', await bundle('work/worker.js', { ...define, TRACER: tracer }));
const example = put('example.jpg', readFileSync(source('example.jpg')));
const names = {
  WORKER: `assets/${worker}`,
  SCRIPT: `assets/${put('main.js', await bundle('page/main.js', { WORKER: `assets/${worker}`, WORDS: words }))}`,
  STYLE: `assets/${put('page.css', await bundle('page.css'))}`,
  EXAMPLE: `assets/${example}`,
  CARD: `assets/${put('card.jpg', readFileSync(source('card.jpg')))}`,
  POINTS: JSON.stringify(JSON.parse(readFileSync(source('example.json'), 'utf8'))),
};
const fill = (text, table) =>
  Object.entries(table).reduce((done, [name, value]) => done.replaceAll(`{{${name}}}`, value), text);
const read = (name) => readFileSync(source(name), 'utf8');
const policy = read('policy.txt').trim().split('\n').join('; ');

const html = fill(read('index.html'), { ...names, POLICY: policy });
write(join(out, 'index.html'), html);
for (const name of ['icon.svg', 'app.webmanifest']) write(join(out, name), read(name));
const version = (name) => `${name} ${JSON.parse(readFileSync(installed(`${name}/package.json`), 'utf8')).version}`;
write(
  join(out, 'licences.txt'),
  `${version('onnxruntime-web')}: MIT, (c) Microsoft Corporation\n` +
    'YuNet: MIT, (c) Shiqi Yu\nSwagger UI (documentation of the API): Apache-2.0\n' +
    `${version('vtracer-wasm')}, for SVG: MIT, (c) jsscheller; vtracer in it: MIT, (c) Tsang Hao Fung\n`,
);

const swagger = (name) => readFileSync(installed(`swagger-ui-dist/${name}`));
const docs = {
  BUNDLE: `assets/${put('docs-ui.js', swagger('swagger-ui-bundle.js'))}`,
  CSS: `assets/${put('docs-ui.css', swagger('swagger-ui.css'))}`,
  START: `assets/${put('docs-start.js', read('docs.js'))}`,
};
write(join(out, 'docs.html'), fill(read('docs.html'), docs));

const ownNames = ['./', 'icon.svg', 'app.webmanifest', 'licences.txt'];
const runtimeNames = [define.ORT_MODULE, define.ORT_WASM].map((name) => `assets/${name}`);
const files = [...ownNames, names.SCRIPT, names.STYLE, names.WORKER, names.EXAMPLE, ...Object.values(words), ...runtimeNames];
const edition = createHash('sha256').update(files.join() + html).digest('hex').slice(0, 10);
write(join(out, 'sw.js'), await bundle('sw.js', { VERSION: edition, FILES: files, POLICY: policy }));

for (const folder of [out, assets]) {
  for (const file of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, file.name);
    if (file.isFile() && !written.has(path)) rmSync(path);
  }
}
console.log(`Built the page in ${out}`);
