/** Nearest images, for a page without a server: every image is measured. */

/** A row and its RMS difference in intensities. */
export interface Near {
  readonly row: number;
  readonly distance: number;
}

/** The `count` nearest of the images in `block` (m × d) to x, nearest first; `first` is the row of the block's first. */
export function nearest(block: Uint8Array, x: ArrayLike<number>, first: number, count: number): Near[] {
  const d = x.length;
  const found: Near[] = [];
  let worst = Infinity;
  for (let at = 0, row = first; at + d <= block.length; at += d, row++) {
    let sum = 0;
    for (let j = 0; j < d && sum < worst; j++) sum += (block[at + j]! - x[j]!) ** 2;
    if (sum >= worst) continue;
    found.push({ row, distance: sum });
    found.sort((a, b) => a.distance - b.distance);
    if (found.length > count) found.pop();
    if (found.length === count) worst = found[count - 1]!.distance;
  }
  return found.map(({ row, distance }) => ({ row, distance: Math.sqrt(distance / d) }));
}
