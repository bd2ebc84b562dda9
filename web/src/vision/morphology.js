// OpenCV's erosion and dilation of one channel, and the rounding that goes with it.

/** Rounds halves to the even number, as Python and OpenCV do. */
export function even(value) {
  const whole = Math.floor(value);
  const rest = value - whole;
  return rest > 0.5 || (rest === 0.5 && whole % 2) ? whole + 1 : whole;
}

/** OpenCV's MORPH_ELLIPSE: half the width of each of its rows, from the top. */
export function ellipse(reach) {
  const radius = (reach - 1) / 2;
  return Array.from({ length: reach }, (_, i) => {
    const dy = i - radius;
    return radius ? even(radius * Math.sqrt((radius * radius - dy * dy) / (radius * radius))) : 0;
  });
}

/** The least value under an element; what lies beyond the edge does not count.
 * @param {Uint8Array} [where] where it is wanted: elsewhere it is not worked out */
export function eroded(plane, size, element, where) {
  const widest = Math.max(...element);
  const radius = (element.length - 1) / 2;
  const byWidth = [plane];
  for (let half = 1; half <= widest; half++) {
    const last = byWidth[half - 1];
    const next = new Uint8Array(size * size);
    for (let y = 0, i = 0; y < size; y++) {
      for (let x = 0; x < size; x++, i++) {
        const a = last[x > 0 ? i - 1 : i];
        const b = last[x < size - 1 ? i + 1 : i];
        let least = a < b ? a : b;
        if (half === 1 && plane[i] < least) least = plane[i];
        next[i] = least;
      }
    }
    byWidth.push(next);
  }
  const result = new Uint8Array(size * size).fill(255);
  for (let dy = -radius; dy <= radius; dy++) {
    const rows = byWidth[element[dy + radius]];
    const [top, bottom] = [Math.max(-dy, 0), Math.min(size - dy, size)];
    const shift = dy * size;
    for (let i = top * size; i < bottom * size; i++) {
      if (where && !where[i]) continue;
      const value = rows[i + shift];
      if (value < result[i]) result[i] = value;
    }
  }
  return result;
}

/** The greatest value under an element. */
export function dilated(plane, size, element, where) {
  return complement(eroded(complement(plane), size, element, where));
}

/** Written out: a function for each value takes ten times as long. @param {Uint8Array} plane */
function complement(plane) {
  const result = new Uint8Array(plane.length);
  for (let i = 0; i < plane.length; i++) result[i] = 255 - plane[i];
  return result;
}
