// Encoded pictures as a film: the few elements of WebM that it needs (webmproject.org/docs/container,
// RFC 8794 and RFC 9559). All lengths have eight bytes, so that they are known beforehand.

/** @typedef {{data: Uint8Array, time: number, key: boolean}} Chunk time in milliseconds */

/** @param {{codec: string, width: number, height: number, duration: number}} film codec: V_VP8 or V_VP9;
 * duration in milliseconds @param {Chunk[]} chunks in order, the first a key picture
 * @returns {Uint8Array} */
export function webm({ codec, width, height, duration }, chunks) {
  const info = element(0x1549a966, [
    element(0x2ad7b1, number(1_000_000)), // a tick is a millisecond
    element(0x4489, float(duration)),
    element(0x4d80, ascii('toonmark')),
    element(0x5741, ascii('toonmark')),
  ]);
  const video = element(0xe0, [element(0xb0, number(width)), element(0xba, number(height))]);
  const track = [element(0xd7, number(1)), element(0x73c5, number(1)), element(0x83, number(1))];
  const tracks = element(0x1654ae6b, [element(0xae, [...track, element(0x86, ascii(codec)), video])]);
  const clusters = clustered(chunks).map(cluster);
  // Where each cluster is, from the segment's beginning: for players to jump.
  let at = length(info) + length(tracks) + length(cues(clusters.map(({ time }) => ({ time, at: 0 }))));
  const places = clusters.map(({ time, parts }) => {
    const place = { time, at };
    at += length(parts);
    return place;
  });
  const all = [info, tracks, cues(places), ...clusters.map(({ parts }) => parts)];
  const versions = [[0x4286, 1], [0x42f7, 1], [0x42f2, 4], [0x42f3, 8], [0x4287, 4], [0x4285, 2]];
  const head = [...versions.map(([id, value]) => element(id, number(value))), element(0x4282, ascii('webm'))];
  return joined([element(0x1a45dfa3, head), element(0x18538067, all)]);
}

/** Chunks from each key picture to the next. @param {Chunk[]} chunks */
function clustered(chunks) {
  const groups = [];
  for (const chunk of chunks) {
    if (chunk.key || !groups.length) groups.push([]);
    groups[groups.length - 1].push(chunk);
  }
  return groups;
}

/** @param {Chunk[]} chunks */
function cluster(chunks) {
  const { time } = chunks[0];
  const blocks = chunks.map((chunk) => {
    const since = chunk.time - time;
    const head = Uint8Array.of(0x81, since >> 8, since & 255, chunk.key ? 0x80 : 0);
    return element(0xa3, [head, chunk.data]);
  });
  return { time, parts: element(0x1f43b675, [element(0xe7, number(time)), ...blocks]) };
}

function cues(places) {
  const points = places.map(({ time, at }) => {
    const place = element(0xb7, [element(0xf7, number(1)), element(0xf1, number(at))]);
    return element(0xbb, [element(0xb3, number(time)), place]);
  });
  return element(0x1c53bb6b, points);
}

/** An element as nested parts. @param {number} id @param {any} content */
function element(id, content) {
  const bytes = [id >>> 24, (id >>> 16) & 255, (id >>> 8) & 255, id & 255];
  while (bytes[0] === 0) bytes.shift();
  const size = number(length(content));
  size[0] = 1; // says that eight bytes are its length
  return [Uint8Array.from(bytes), size, content];
}

/** @param {number} value */
function number(value) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(Math.round(value)));
  return bytes;
}

/** @param {number} value */
function float(value) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value);
  return bytes;
}

const ascii = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

/** Of nested parts together. */
function length(parts) {
  return ArrayBuffer.isView(parts) ? parts.byteLength : parts.reduce((sum, part) => sum + length(part), 0);
}

function joined(parts) {
  const result = new Uint8Array(length(parts));
  let at = 0;
  const write = (part) => {
    if (!ArrayBuffer.isView(part)) return part.forEach(write);
    result.set(part, at);
    at += part.byteLength;
    return undefined;
  };
  write(parts);
  return result;
}
