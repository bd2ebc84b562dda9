// Pillow's Lanczos resize, in its fixed-point arithmetic, so that saved pictures are the same.

const BITS = 32 - 8 - 2;
const SUPPORT = 3;

function sinc(x) {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

function lanczos(x) {
  return Math.abs(x) < SUPPORT ? sinc(x) * sinc(x / SUPPORT) : 0;
}

/** For each target pixel its first source pixel and whole-number weights. */
function weights(source, target) {
  const scale = source / target;
  const stretch = Math.max(scale, 1);
  const support = SUPPORT * stretch;
  return Array.from({ length: target }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(Math.trunc(centre - support + 0.5), 0);
    const last = Math.min(Math.trunc(centre + support + 0.5), source);
    const raw = [];
    for (let j = first; j < last; j++) raw.push(lanczos((j - centre + 0.5) / stretch));
    const total = raw.reduce((sum, value) => sum + value, 0);
    const whole = raw.map((value) => {
      const scaled = (value / total) * 2 ** BITS;
      return Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    });
    return { first, whole };
  });
}

/** Resizes along rows; called twice, with the picture turned over its diagonal between. */
function along(data, length, lines, target) {
  const table = weights(length, target);
  const result = new Uint8ClampedArray(4 * target * lines);
  for (let line = 0; line < lines; line++) {
    for (let i = 0; i < target; i++) {
      const { first, whole } = table[i];
      for (let channel = 0; channel < 4; channel++) {
        let sum = 2 ** (BITS - 1);
        for (let k = 0; k < whole.length; k++) {
          sum += whole[k] * data[4 * (line * length + first + k) + channel];
        }
        // Transposed on the way out: the next pass then runs along rows again.
        result[4 * (i * lines + line) + channel] = Math.floor(sum / 2 ** BITS);
      }
    }
  }
  return result;
}

/** Makes a square picture larger or smaller; colours count as much as they can be seen.
 * @param {import('./crop.js').Picture} picture RGBA */
export function resize(picture, size) {
  if (picture.width === size && picture.height === size) return picture;
  let data = weighed(picture.data);
  data = along(data, picture.width, picture.height, size);
  data = along(data, picture.height, size, size);
  return { data: unweighed(data), width: size, height: size };
}

function weighed(data) {
  const result = new Uint8ClampedArray(data);
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3];
    if (alpha === 255) continue;
    for (let k = i; k < i + 3; k++) {
      const product = data[k] * alpha + 128;
      result[k] = ((product >> 8) + product) >> 8;
    }
  }
  return result;
}

function unweighed(data) {
  const result = new Uint8ClampedArray(data);
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3];
    if (alpha === 255 || alpha === 0) continue;
    for (let k = i; k < i + 3; k++) result[k] = Math.trunc((255 * data[k]) / alpha);
  }
  return result;
}
