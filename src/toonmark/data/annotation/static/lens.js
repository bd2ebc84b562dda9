// The surroundings of one point, enlarged, with a cross at it.
const ACROSS = 1 / 5; // of the picture's longer side

export function drawLens(canvas, image, point, colour, mirrored) {
  const side = canvas.width;
  const context = canvas.getContext("2d");
  context.fillStyle = "#fff";
  context.fillRect(0, 0, side, side);
  if (!image.naturalWidth) return;
  const part = Math.max(image.naturalWidth, image.naturalHeight) * ACROSS;
  const scale = side / part;
  const [x, y] = [point[0] + 0.5, point[1] + 0.5];
  context.save();
  if (mirrored) {
    context.translate(side, 0);
    context.scale(-1, 1);
  }
  context.imageSmoothingEnabled = scale < 14; // single pixels, when they are large enough to count
  context.translate(side / 2 - x * scale, side / 2 - y * scale);
  context.scale(scale, scale);
  context.drawImage(image, 0, 0);
  context.restore();
  const middle = side / 2;
  for (const [width, style] of [[5, "#0009"], [2, colour]]) {
    context.lineWidth = width;
    context.strokeStyle = style;
    context.beginPath();
    for (const [a, b] of [[0, middle - 16], [middle + 16, side]]) {
      context.moveTo(a, middle);
      context.lineTo(b, middle);
      context.moveTo(middle, a);
      context.lineTo(middle, b);
    }
    context.stroke();
    context.beginPath();
    context.arc(middle, middle, 2, 0, 7);
    context.stroke();
  }
}
