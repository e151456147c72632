/** Tens of thousands of points into pixels, each a small disc or ring, mixed with what is below it. */

export interface Plot {
  readonly width: number;
  readonly height: number;
  /** Diameter of a point in pixels. */
  readonly size: number;
}

/** Offsets of the pixels of a disc, or of a ring, whose diameter is `size`. */
export function stamp(size: number, ring: boolean): Int16Array {
  const half = (size - 1) / 2;
  const found: number[] = [];
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const distance = Math.hypot(x - half, y - half);
      if (distance > size / 2) continue;
      if (ring && size >= 4 && distance < size / 2 - Math.max(1, size / 5)) continue;
      found.push(x - Math.floor(half), y - Math.floor(half));
    }
  }
  return Int16Array.from(found);
}

/**
 * Draw points at (x, y), in pixels, of the colours `colour[group[i]]`, `share` of 256 opaque. `order` says which lie on
 * top. Groups with `ringed` are rings: where colours come again, shapes tell them apart.
 */
export function dot(
  target: Uint32Array,
  plot: Plot,
  x: Float32Array,
  y: Float32Array,
  order: ArrayLike<number>,
  group: ArrayLike<number>,
  colour: ArrayLike<number>,
  ringed: ArrayLike<boolean>,
  share: number,
): void {
  const { width, height, size } = plot;
  const disc = stamp(size, false);
  const ring = stamp(size, true);
  const rest = 256 - share;
  for (let k = 0; k < order.length; k++) {
    const i = order[k]!;
    const left = x[i]! | 0;
    const top = y[i]! | 0;
    if (left < size || top < size || left >= width - size || top >= height - size) continue;
    const code = group[i]!;
    const over = colour[code]!;
    const [high, low] = [(over & 0xff00ff) * share, (over & 0xff00) * share];
    const shape = ringed[code] ? ring : disc;
    for (let s = 0; s < shape.length; s += 2) {
      const at = (top + shape[s + 1]!) * width + left + shape[s]!;
      const under = target[at]!;
      // Red and blue are mixed in one multiplication, green in another: 8 bits apart, they do not touch.
      const redBlue = ((high + (under & 0xff00ff) * rest) >>> 8) & 0xff00ff;
      const green = ((low + (under & 0xff00) * rest) >>> 8) & 0xff00;
      target[at] = (0xff000000 | redBlue | green) >>> 0;
    }
  }
}

/** A permutation of 0…n−1, always the same: no class lies on top of another because of its place in the data. */
export function shuffled(n: number): Uint32Array {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  let seed = 0x2545f491;
  for (let i = n - 1; i > 0; i--) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const j = Math.floor((seed / 2 ** 32) * (i + 1));
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** The point nearest to (px, py) among those with `alive`, at most `reach` away; −1 where there is none. */
export function nearest(x: Float32Array, y: Float32Array, px: number, py: number, reach: number, alive: (i: number) => boolean): number {
  let best = -1;
  let least = reach * reach;
  for (let i = 0; i < x.length; i++) {
    const distance = (x[i]! - px) ** 2 + (y[i]! - py) ** 2;
    if (distance < least && alive(i)) [best, least] = [i, distance];
  }
  return best;
}
