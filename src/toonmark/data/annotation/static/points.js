// The five points: names, colours, where they belong. Left is the image's left.
export const POINTS = [
  { label: "left eye", colour: "#19d3ff", hint: "The middle of the pupil of the eye on the left." },
  { label: "right eye", colour: "#6f9bff", hint: "The middle of the pupil of the eye on the right." },
  { label: "nose", colour: "#4be36a", hint: "The tip of the nose; where there is none, its shadow." },
  { label: "left of the mouth", colour: "#ffb02e", hint: "Where the lips meet, on the left." },
  { label: "right of the mouth", colour: "#ff5fa2", hint: "Where the lips meet, on the right." },
];

// Pairs that a thin line joins, so that a tilted or exchanged pair is seen at once.
export const LINES = [[0, 1], [3, 4]];

export const copy = (points) => points.map(([x, y]) => [x, y]);

export function clamp([x, y], width, height) {
  return [Math.min(width - 0.5, Math.max(-0.5, x)), Math.min(height - 0.5, Math.max(-0.5, y))];
}
