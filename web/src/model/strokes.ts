/** A drawing as strokes, and as ink of a width that fits the training images. */

import type { Pad } from "./framing";

/** Places along one stroke, x right and y down, in 0…1 of the pad: x0, y0, x1, y1 … */
export type Stroke = readonly number[];

/** Ink pixels of the longer side of a drawing, for each pixel of the frame's box: fine enough to average from. */
const FINER = 5;

/** What of `Framing` in wire.ts decides how wide a stroke is. */
export interface Pen {
  readonly box_height: number;
  readonly box_width: number;
  readonly stroke: number;
}

/** Width of the pen as a share of the longer side of a drawing. */
export function penShare(pen: Pen): number {
  return pen.stroke / Math.max(pen.box_height, pen.box_width);
}

/**
 * The strokes as ink, bright on 0, cut to their box. Their width is such that it comes to `stroke` pixels once the
 * drawing is scaled into the box, however small it was drawn; the training images were written with one pen as well.
 */
export function inked(strokes: readonly Stroke[], pen: Pen): Pad | null {
  let [left, right, top, bottom] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const stroke of strokes)
    for (let i = 0; i < stroke.length; i += 2) {
      left = Math.min(left, stroke[i]!);
      right = Math.max(right, stroke[i]!);
      top = Math.min(top, stroke[i + 1]!);
      bottom = Math.max(bottom, stroke[i + 1]!);
    }
  if (left === Infinity) return null;
  // The box, scaled into the frame, holds the line through the middle of the strokes and half a pen on either side.
  const [tall, wide] = [pen.box_height - pen.stroke, pen.box_width - pen.stroke];
  const fits = Math.min(tall / Math.max(bottom - top, 1e-9), wide / Math.max(right - left, 1e-9));
  const scale = FINER * Math.min(fits, Math.max(pen.box_height, pen.box_width) * 8);
  const radius = (FINER * pen.stroke) / 2;
  const margin = Math.ceil(radius) + 1;
  const width = Math.ceil((right - left) * scale) + 2 * margin;
  const height = Math.ceil((bottom - top) * scale) + 2 * margin;
  const pixels = new Uint8Array(width * height);
  for (const stroke of strokes) {
    const n = stroke.length / 2;
    for (let i = 0; i < Math.max(1, n - 1); i++) {
      const j = Math.min(i + 1, n - 1);
      const place = (at: number, from: number): number => (at - from) * scale + margin - 0.5;
      capsule(pixels, width, height, radius,
        place(stroke[2 * i]!, left), place(stroke[2 * i + 1]!, top),
        place(stroke[2 * j]!, left), place(stroke[2 * j + 1]!, top)); // prettier-ignore
    }
  }
  return { pixels, height, width, channels: 1 };
}

/** All within `radius` of a line, its edge softened over one pixel. */
function capsule(
  pixels: Uint8Array, width: number, height: number, radius: number, x0: number, y0: number, x1: number, y1: number,
): void { // prettier-ignore
  const reach = radius + 1;
  const [dx, dy] = [x1 - x0, y1 - y0];
  const length = dx * dx + dy * dy;
  const until = Math.min(height - 1, Math.ceil(Math.max(y0, y1) + reach));
  for (let r = Math.max(0, Math.floor(Math.min(y0, y1) - reach)); r <= until; r++) {
    const end = Math.min(width - 1, Math.ceil(Math.max(x0, x1) + reach));
    for (let c = Math.max(0, Math.floor(Math.min(x0, x1) - reach)); c <= end; c++) {
      const t = length ? Math.min(1, Math.max(0, ((c - x0) * dx + (r - y0) * dy) / length)) : 0;
      const distance = Math.sqrt((c - x0 - t * dx) ** 2 + (r - y0 - t * dy) ** 2);
      const ink = Math.round(255 * Math.min(1, Math.max(0, radius + 0.5 - distance)));
      const at = r * width + c;
      if (ink > pixels[at]!) pixels[at] = ink;
    }
  }
}

const STEPS = 511;
const SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** A drawing as letters for an address: three a place, in steps of 1/511 of the pad; strokes parted by a full stop. */
export function spelled(strokes: readonly Stroke[]): string {
  return strokes.map((stroke) => thinned(stroke).join("")).join(".");
}

/** The drawing that was spelled; null where the letters are none. Law: spelled(read(text)) = text. */
export function read(text: string): Stroke[] | null {
  if (!/^([\w-]{3})+(\.([\w-]{3})+)*$/.test(text)) return null;
  return text.split(".").map((part) => {
    const stroke: number[] = [];
    for (let i = 0; i < part.length; i += 3) {
      const [a, b, c] = [0, 1, 2].map((o) => SIGNS.indexOf(part[i + o]!)) as [number, number, number];
      const both = (a << 12) | (b << 6) | c;
      stroke.push((both >> 9) / STEPS, (both & STEPS) / STEPS);
    }
    return stroke;
  });
}

/** The stroke in whole steps, spelled place by place, without those that repeat or lie on the way between neighbours. */
function thinned(stroke: Stroke): string[] {
  const kept: number[] = [];
  const whole = (at: number): number => Math.round(Math.min(1, Math.max(0, at)) * STEPS);
  for (let i = 0; i < stroke.length; i += 2) {
    const [x, y] = [whole(stroke[i]!), whole(stroke[i + 1]!)];
    const n = kept.length;
    if (n >= 2 && kept[n - 2] === x && kept[n - 1] === y) continue;
    if (n >= 4) {
      const [ax, ay] = [kept[n - 2]! - kept[n - 4]!, kept[n - 1]! - kept[n - 3]!];
      const [bx, by] = [x - kept[n - 2]!, y - kept[n - 1]!];
      if (ax * by === ay * bx && ax * bx + ay * by > 0) kept.length = n - 2;
    }
    kept.push(x, y);
  }
  return Array.from({ length: kept.length / 2 }, (_, i) => {
    const both = (kept[2 * i]! << 9) | kept[2 * i + 1]!;
    return SIGNS[both >> 12]! + SIGNS[(both >> 6) & 63]! + SIGNS[both & 63]!;
  });
}
