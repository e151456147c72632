/** A photo of something written, read without a server: paper made even, ink made full. */

import type { Pad } from "./framing";

/** Shares of the contrast below which all is paper, and above which all is ink. */
const PAPER = 0.15;
const PEN = 0.75;
/** Cells of paper along the longer side, and how far around a cell its paper is looked at. */
const CELLS = 40;
const AROUND = 10;
/** Contrast below which there is nothing but noise on paper. */
const NOISE = 8;

/** What was found: ink bright on 0, and whether it was dark on light. */
export interface Inked {
  readonly pad: Pad;
  readonly turned: boolean;
}

/** Ink of a grey picture (height × width, 0…255), whatever its paper. */
export function inkOf(grey: Uint8Array | Uint8ClampedArray, height: number, width: number): Inked {
  const border: number[] = [];
  let sum = 0;
  for (let r = 0, at = 0; r < height; r++)
    for (let c = 0; c < width; c++, at++) {
      sum += grey[at]!;
      if (r === 0 || c === 0 || r === height - 1 || c === width - 1) border.push(grey[at]!);
    }
  const [edge, mean] = [median(border), sum / grey.length];
  const turned = Math.abs(edge - mean) > 2 ? edge > mean : edge > 127;
  const paper = paperOf(grey, height, width);
  const depth = Float64Array.from(grey, (value, i) => Math.max(0, turned ? paper[i]! - value : value - paper[i]!));
  const full = Float64Array.from(depth).sort()[Math.min(depth.length - 1, Math.floor(0.995 * (depth.length - 1)))] ?? 0;
  const share = (value: number): number => Math.min(1, Math.max(0, (value / full - PAPER) / (PEN - PAPER)));
  const pixels = full < NOISE ? new Uint8Array(grey.length) : Uint8Array.from(depth, (value) => Math.round(255 * share(value)));
  return { pad: { pixels, height, width, channels: 1 }, turned };
}

/** Brightness of the paper at each pixel: the median of what is around, drawn smoothly between cells. */
function paperOf(grey: ArrayLike<number>, height: number, width: number): Float64Array {
  const step = Math.max(1, Math.floor(Math.max(height, width) / CELLS));
  const rows = Math.ceil(height / step);
  const columns = Math.ceil(width / step);
  const inside = (at: number, size: number): number => Math.min(size - 1, Math.max(0, at));
  const coarse = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) {
      const near: number[] = [];
      for (let i = r - AROUND; i <= r + AROUND; i++)
        for (let j = c - AROUND; j <= c + AROUND; j++) near.push(grey[inside(i, rows) * step * width + inside(j, columns) * step]!);
      coarse[r * columns + c] = median(near);
    }
  const paper = new Float64Array(height * width);
  for (let y = 0, at = 0; y < height; y++) {
    const r = inside((y + 0.5) / step - 0.5, rows);
    const [r0, down] = [Math.floor(r), r - Math.floor(r)];
    const r1 = inside(r0 + 1, rows);
    for (let x = 0; x < width; x++, at++) {
      const c = inside((x + 0.5) / step - 0.5, columns);
      const [c0, right] = [Math.floor(c), c - Math.floor(c)];
      const c1 = inside(c0 + 1, columns);
      const above = coarse[r0 * columns + c0]! * (1 - right) + coarse[r0 * columns + c1]! * right;
      const below = coarse[r1 * columns + c0]! * (1 - right) + coarse[r1 * columns + c1]! * right;
      paper[at] = above * (1 - down) + below * down;
    }
  }
  return paper;
}

function median(values: number[]): number {
  const sorted = values.sort((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[half]! : ((sorted[half - 1] ?? 0) + (sorted[half] ?? 0)) / 2;
}
