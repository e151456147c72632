/** From a drawing to the frame of the training images, as `sightline.studio.framing` does it; steps in API.md. */

/** What of `Framing` in wire.ts is needed here. */
export interface Frame {
  readonly negative: boolean;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly box_height: number;
  readonly box_width: number;
  readonly centre: "mass" | "box";
  readonly centre_row: number;
  readonly centre_column: number;
  readonly threshold: number;
}

/** Ink bright on 0: `pixels` height × width × channels in C order, channels 1 or 3. */
export interface Pad {
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** First and past-the-last row and column. */
export interface Box {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** The image that the model sees: height × width × channels of `frame`. */
export function framed(pad: Pad, frame: Frame): Uint8Array {
  const { height, width, channels } = frame;
  const result = new Float64Array(height * width * channels);
  const box = boxOf(pad, frame.threshold);
  if (box) {
    const s = Math.min(frame.box_height / (box.bottom - box.top), frame.box_width / (box.right - box.left));
    const rows = Math.max(1, round((box.bottom - box.top) * s));
    const columns = Math.max(1, round((box.right - box.left) * s));
    const piece = averaged(pad, box, rows, columns, channels);
    const [row, column] = frame.centre === "mass" ? mass(piece, rows, columns, channels) : [(rows - 1) / 2, (columns - 1) / 2];
    const top = round(frame.centre_row - row);
    const left = round(frame.centre_column - column);
    for (let r = Math.max(0, top); r < Math.min(height, top + rows); r++)
      for (let c = Math.max(0, left); c < Math.min(width, left + columns); c++)
        for (let k = 0; k < channels; k++)
          result[(r * width + c) * channels + k] = piece[((r - top) * columns + (c - left)) * channels + k]!;
  }
  return Uint8Array.from(result, (value) => {
    const pixel = Math.min(255, Math.max(0, round(value)));
    return frame.negative ? 255 - pixel : pixel;
  });
}

/** Box of the pixels brighter than the threshold in any channel; null where there are none. */
export function boxOf(pad: Pad, threshold: number): Box | null {
  let [top, bottom, left, right] = [pad.height, 0, pad.width, 0];
  for (let r = 0, at = 0; r < pad.height; r++)
    for (let c = 0; c < pad.width; c++)
      for (let k = 0; k < pad.channels; k++)
        if (pad.pixels[at++]! > threshold) {
          if (r < top) top = r;
          bottom = r + 1;
          if (c < left) left = c;
          if (c >= right) right = c + 1;
        }
  return bottom ? { top, bottom, left, right } : null;
}

/** Half up; of means over cells many end in a half, and which side of it their last digit lies on must not decide. */
function round(x: number): number {
  return Math.floor(x + 0.5 + 1e-9);
}

/** Mean over each of m cells of n/m pixels: which pixels, and their shares. */
function areas(n: number, m: number): { first: Int32Array; shares: Float64Array[] } {
  const first = new Int32Array(m);
  const shares: Float64Array[] = [];
  for (let i = 0; i < m; i++) {
    const low = (i * n) / m;
    const high = ((i + 1) * n) / m;
    first[i] = Math.min(Math.floor(low), n - 1);
    const count = Math.min(n, Math.ceil(high)) - first[i]!;
    shares.push(
      Float64Array.from({ length: count }, (_, o) => {
        const j = first[i]! + o;
        return Math.max(0, Math.min(high, j + 1) - Math.max(low, j)) * (m / n);
      }),
    );
  }
  return { first, shares };
}

/** A · crop · Bᵀ, rows × columns × channels. */
function averaged(pad: Pad, box: Box, rows: number, columns: number, channels: number): Float64Array {
  const A = areas(box.bottom - box.top, rows);
  const B = areas(box.right - box.left, columns);
  const wide = box.right - box.left;
  const half = new Float64Array(rows * wide * channels);
  for (let i = 0; i < rows; i++)
    A.shares[i]!.forEach((share, o) => {
      const source = (box.top + A.first[i]! + o) * pad.width + box.left;
      for (let c = 0; c < wide; c++)
        for (let k = 0; k < channels; k++)
          half[(i * wide + c) * channels + k]! +=
            share * pad.pixels[(source + c) * pad.channels + (pad.channels === 1 ? 0 : k)]!;
    });
  const out = new Float64Array(rows * columns * channels);
  for (let l = 0; l < columns; l++)
    B.shares[l]!.forEach((share, o) => {
      for (let i = 0; i < rows; i++)
        for (let k = 0; k < channels; k++)
          out[(i * columns + l) * channels + k]! += share * half[(i * wide + B.first[l]! + o) * channels + k]!;
    });
  return out;
}

function mass(piece: Float64Array, rows: number, columns: number, channels: number): readonly [number, number] {
  let [total, row, column] = [0, 0, 0];
  for (let r = 0, at = 0; r < rows; r++)
    for (let c = 0; c < columns; c++)
      for (let k = 0; k < channels; k++) {
        const weight = piece[at++]!;
        total += weight;
        row += weight * r;
        column += weight * c;
      }
  return [row / total, column / total];
}
