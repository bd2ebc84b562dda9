// Calls one of the page's pure functions: JSON on standard input, JSON out. Arrays of bytes or
// floats travel as {"$": "u8" | "f4", "data": base64}.

import { readFileSync } from 'node:fs';

const kinds = { u8: Uint8ClampedArray, f4: Float32Array };

function revive(key, value) {
  if (!value || !value.$) return value;
  const bytes = Buffer.from(value.data, 'base64');
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
  return new kinds[value.$](buffer);
}

function pack(key, value) {
  const kind = value instanceof Uint8Array ? 'u8' : Object.keys(kinds).find((name) => value instanceof kinds[name]);
  if (!kind) return value;
  return { $: kind, data: Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64') };
}

const { module, name, args, method, many } = JSON.parse(readFileSync(0, 'utf8'), revive);
const found = (await import(new URL(`../../web/src/${module.includes('/') ? module : `vision/${module}`}`, import.meta.url)))[name];
let result;
if (method) {
  const object = new found();
  result = args.map((one) => object[method](...one));
} else if (many) {
  result = args.map((one) => found(...one));
} else {
  result = found(...args);
}
process.stdout.write(JSON.stringify(result, pack));
