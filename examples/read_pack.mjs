// What a style pack says of itself: node read_pack.mjs mine.onnx
// With `npm install onnxruntime-web` it draws too: node read_pack.mjs mine.onnx FACE POINTS OUT
// (float32 files: RGB planes in [-1, 1], five x, y in pixels, and the drawing; see style-pack.md).
import { readFileSync, writeFileSync } from "node:fs";

/** The fields of a protobuf message that have a length: [number, bytes]. */
function* fields(bytes) {
  let at = 0;
  const varint = () => {
    for (let value = 0, scale = 1; ; scale *= 128) {
      value += (bytes[at] & 127) * scale;
      if (bytes[at++] < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint(), kind = key % 8, long = kind === 2 || kind === 0 ? varint() : kind === 1 ? 8 : 4;
    if (kind === 2) yield [Math.floor(key / 8), bytes.subarray(at, at + long)];
    if (kind) at += long;
  }
}
const [pack, face, points, out] = process.argv.slice(2), bytes = readFileSync(pack), text = new TextDecoder();
const entries = [...fields(bytes)].filter(([number]) => number === 14).map(([, entry]) => Object.fromEntries(fields(entry)));
const entry = entries.find(({ 1: key }) => text.decode(key) === "toonmark");
if (!entry) throw new Error("This is no style pack.");
const style = JSON.parse(text.decode(entry[2]));
if (style.format_version > 2) throw new Error("This style pack is for a newer reader.");
if (!face) console.log(JSON.stringify(style));
else {
  const { default: ort } = await import("onnxruntime-web"), session = await ort.InferenceSession.create(bytes);
  const floats = (file) => new Float32Array(Uint8Array.from(readFileSync(file)).buffer), s = style.size;
  const feed = { face: new ort.Tensor(floats(face), [1, 3, s, s]), landmarks: new ort.Tensor(floats(points), [1, 5, 2]) };
  writeFileSync(out, new Uint8Array((await session.run(feed)).cartoon.data.buffer));
}
