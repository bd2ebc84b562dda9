// Several files in one, not compressed: pictures are already. PKWARE, "APPNOTE.TXT", 4.3 to 4.5.

/** Names are in UTF-8. */
const UTF8 = 0x0800;
/** 1980-01-01, the earliest that there is: when a picture was made is nobody's business. */
const DATE = 0x0021;

/** @param {{name: string, data: Uint8Array}[]} files @returns {Blob} */
export function zip(files) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const { name, data } of files) {
    const bytes = new TextEncoder().encode(name);
    // Version 2.0, flags, stored, time, date, CRC, packed and plain length, name, no extra.
    const entry = [20, 2, UTF8, 2, 0, 2, 0, 2, DATE, 2, crc32(data), 4, data.length, 4, data.length, 4, bytes.length, 2, 0, 2];
    const head = fields(0x04034b50, 4, ...entry);
    parts.push(head, bytes, data);
    directory.push(fields(0x02014b50, 4, 20, 2, ...entry, 0, 2, 0, 2, 0, 2, 0, 4, offset, 4), bytes);
    offset += head.length + bytes.length + data.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  const end = fields(0x06054b50, 4, 0, 2, 0, 2, files.length, 2, files.length, 2, size, 4, offset, 4, 0, 2);
  return new Blob([...parts, ...directory, end], { type: 'application/zip' });
}

/** Numbers in little endian, each with its length in bytes. @param {...number} pairs */
function fields(...pairs) {
  const bytes = [];
  for (let i = 0; i < pairs.length; i += 2) {
    for (let k = 0; k < pairs[i + 1]; k++) bytes.push((pairs[i] >>> (8 * k)) & 255);
  }
  return Uint8Array.from(bytes);
}

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let k = 0; k < 8; k++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/** @param {Uint8Array} data */
function crc32(data) {
  let value = 0xffffffff;
  for (const byte of data) value = TABLE[(value ^ byte) & 255] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
