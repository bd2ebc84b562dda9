// OpenCV's medianBlur of one channel, by a histogram that moves along each row (Huang, Yang and Tang,
// "A Fast Two-Dimensional Median Filtering Algorithm", 1979).

/** @param {Uint8Array} plane of a square @param {number} size @param {number} reach the window's edge, odd
 * @returns {Uint8Array} beyond the edge its last pixels go on */
export function median(plane, size, reach) {
  const radius = (reach - 1) / 2;
  const half = (reach * reach - 1) / 2;
  const within = (i) => Math.min(Math.max(i, 0), size - 1);
  const result = new Uint8Array(size * size);
  const counts = new Uint16Array(256);
  for (let y = 0; y < size; y++) {
    const rows = Array.from({ length: reach }, (_, i) => size * within(y - radius + i));
    let [middle, below] = [0, 0]; // how many are less than `middle`
    const move = (column, step) => {
      for (const row of rows) {
        const value = plane[row + within(column)];
        counts[value] += step;
        if (value < middle) below += step;
      }
    };
    counts.fill(0);
    for (let x = -radius; x < radius; x++) move(x, 1);
    for (let x = 0; x < size; x++) {
      move(x + radius, 1);
      while (below > half) below -= counts[--middle];
      while (below + counts[middle] <= half) below += counts[middle++];
      result[y * size + x] = middle;
      move(x - radius, -1);
    }
  }
  return result;
}
