// What a file is by its first bytes, to say so where the browser cannot read it as a picture.

const text = (bytes, from, to) => String.fromCharCode(...bytes.subarray(from, to));
const starts = (bytes, ...values) => values.every((value, i) => bytes[i] === value);

const ANOTHER = 'Save it as a JPEG, PNG or WebP first, then choose that.';
const VIDEO = {
  name: 'a video',
  remedy: 'Choose a photo. In a terminal, toonmark cartoonize draws videos, too.',
};

/** Brands of the files that begin with an ftyp box: pictures; all others are videos. */
const BRANDS = {
  heic: ['heic', 'heix', 'hevc', 'hevx', 'heim', 'heis', 'mif1', 'msf1'],
  avif: ['avif', 'avis'],
  raw: ['crx '],
};
const KINDS = {
  heic: {
    name: 'a HEIC photo, as iPhones take them',
    remedy: 'Safari reads it, and so does a phone\'s own "Choose a photo". Or save it as a JPEG: on a Mac open it in Preview and export it; on an iPhone choose Settings, Camera, Formats, Most Compatible.',
  },
  avif: { name: 'an AVIF picture', remedy: `Newer browsers read it. ${ANOTHER}` },
  raw: { name: "a camera's raw file", remedy: 'Save it as a JPEG in the program that came with the camera.' },
  jxl: { name: 'a JPEG XL picture', remedy: `Safari reads it. ${ANOTHER}` },
  tiff: { name: "a TIFF picture or a camera's raw file", remedy: ANOTHER },
  jp2: { name: 'a JPEG 2000 picture', remedy: ANOTHER },
  psd: { name: 'a Photoshop file', remedy: ANOTHER },
  pdf: { name: 'a PDF document', remedy: 'Save its picture as a JPEG or PNG, then choose that.' },
  svg: { name: 'a drawing made of lines (SVG) or a web page', remedy: 'Choose a photo.' },
  zip: { name: 'an archive or an office document', remedy: 'Unpack it, then choose a picture from it.' },
  sound: { name: 'a sound', remedy: 'Choose a photo.' },
  video: VIDEO,
};
/** Pictures that every browser reads: those that it does not read are damaged. */
const READ = {
  JPEG: (bytes) => starts(bytes, 0xff, 0xd8, 0xff),
  PNG: (bytes) => starts(bytes, 0x89, 0x50, 0x4e, 0x47),
  GIF: (bytes) => text(bytes, 0, 4) === 'GIF8',
  WebP: (bytes) => text(bytes, 0, 4) === 'RIFF' && text(bytes, 8, 12) === 'WEBP',
  BMP: (bytes) => text(bytes, 0, 2) === 'BM' && starts(bytes.subarray(6), 0, 0, 0, 0),
};

/** What a file is that the browser cannot read, and what to do.
 * @param {Uint8Array} bytes its first 512 at least, if it has so many
 * @returns {{happened: string, remedy: string, values?: object}} in words of the page */
export function explain(bytes) {
  const known = KINDS[kindOf(bytes)];
  if (known) return { happened: `This is ${known.name}, which your browser cannot read here.`, remedy: known.remedy };
  const picture = Object.keys(READ).find((name) => READ[name](bytes));
  if (picture) {
    return {
      happened: 'This {kind} picture is damaged: your browser cannot read it.',
      values: { kind: picture },
      remedy: 'Copy or download it again, or choose another.',
    };
  }
  return {
    happened: 'This is not a picture that your browser can read, or it is damaged.',
    remedy: 'Try a JPEG, PNG or WebP.',
  };
}

function kindOf(bytes) {
  if (text(bytes, 4, 8) === 'ftyp') {
    const brand = text(bytes, 8, 12);
    const kind = Object.keys(BRANDS).find((name) => BRANDS[name].includes(brand));
    if (kind) return kind;
    return brand === 'M4A ' ? 'sound' : 'video';
  }
  if (['moov', 'mdat', 'wide', 'skip', 'free'].includes(text(bytes, 4, 8))) return 'video'; // old QuickTime
  if (starts(bytes, 0x1a, 0x45, 0xdf, 0xa3)) return 'video'; // WebM, Matroska
  if (text(bytes, 0, 4) === 'RIFF') return { 'AVI ': 'video', WAVE: 'sound' }[text(bytes, 8, 12)];
  if (text(bytes, 0, 3) === 'FLV') return 'video';
  if (starts(bytes, 0, 0, 1, 0xba) || starts(bytes, 0, 0, 1, 0xb3)) return 'video'; // MPEG
  if (starts(bytes, 0x30, 0x26, 0xb2, 0x75)) return 'video'; // Windows Media
  if (bytes[0] === 0x47 && bytes[188] === 0x47) return 'video'; // MPEG transport stream
  if (bytes[4] === 0x47 && bytes[196] === 0x47) return 'video'; // the same, from camcorders
  if (text(bytes, 0, 4) === 'OggS') return text(bytes, 28, 512).includes('\x80theora') ? 'video' : 'sound';
  if (starts(bytes, 0x1f, 7, 0)) return 'video'; // DV
  if (text(bytes, 0, 3) === 'ID3' || text(bytes, 0, 4) === 'fLaC') return 'sound';
  if (starts(bytes, 0xff, 0x0a) || text(bytes, 4, 8) === 'JXL ') return 'jxl';
  if (text(bytes, 4, 8) === 'jP  ' || starts(bytes, 0xff, 0x4f, 0xff, 0x51)) return 'jp2';
  if (/^(FUJIFILMCCD-RAW|FOVb|IIRO|IIRS|MMOR|IIU\0|II\*\0\x10\0\0\0CR|II\x1a\0\0\0HEAP)/.test(text(bytes, 0, 16))) return 'raw';
  if (starts(bytes, 0x49, 0x49, 0x2a, 0) || starts(bytes, 0x4d, 0x4d, 0, 0x2a)) return 'tiff';
  if (starts(bytes, 0x49, 0x49, 0x2b, 0) || starts(bytes, 0x4d, 0x4d, 0, 0x2b)) return 'tiff';
  if (text(bytes, 0, 4) === '8BPS') return 'psd';
  if (text(bytes, 0, 5) === '%PDF-') return 'pdf';
  if (starts(bytes, 0x50, 0x4b, 3, 4)) return 'zip';
  if (/^(\xef\xbb\xbf)?\s*<(\?xml|!doctype|svg|html)/i.test(text(bytes, 0, 100))) return 'svg';
  return '';
}
