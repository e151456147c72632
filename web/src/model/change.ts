/** The smallest change of an image that flips a linear decision, kept between black and white. */

import { scores, towards, type LinearModel } from "./linear";
import { scoresOf, topTwo } from "./probability";

const WHITE = 255;
/** How far past the boundary the change goes, as a share of the margin (and at least this much of z). */
const BEYOND = 1e-3;

/** `image` after the change, `delta` what was added (both as long as the image), `norm` its Euclidean length, `target` the class decided then. */
export interface Change {
  readonly image: Float64Array;
  readonly delta: Float64Array;
  readonly norm: number;
  readonly target: number;
}

/**
 * δ(μ) = clip(x + μ (w_k − w_a), 0, 255) − x for the one μ that just passes the boundary; of all targets k the one with
 * the shortest δ. Null where no image between black and white is decided otherwise on the way.
 */
export function smallestChange(model: LinearModel, x: ArrayLike<number>): Change | null {
  const z = scoresOf(scores(model, x));
  const [predicted] = topTwo(z);
  let best: Change | null = null;
  for (let target = 0; target < z.length; target++) {
    if (target === predicted) continue;
    const margin = z[predicted]! - z[target]!;
    const image = within(x, towards(model, predicted, target), margin + BEYOND * Math.max(margin, 1));
    const [reached] = topTwo(scoresOf(scores(model, image)));
    if (reached === predicted) continue;
    const delta = image.map((value, i) => value - x[i]!);
    const norm = Math.hypot(...delta);
    if (best === null || norm < best.norm) best = { image, delta, norm, target: reached };
  }
  return best;
}

/** The changed image in whole intensities, rounded away from x: it passes the boundary as the change did. */
export function inWhole(x: ArrayLike<number>, changed: ArrayLike<number>): Uint8Array {
  return Uint8Array.from(changed, (value, i) => (value > x[i]! ? Math.ceil(value) : Math.floor(value)));
}

/**
 * x moved along `direction` inside 0…255 until it gained `needed`, or as far as there is room. The gain is piecewise
 * linear and rising in μ; between two pixels that reach their end it is solved exactly.
 */
export function within(x: ArrayLike<number>, direction: Float64Array, needed: number): Float64Array {
  const ends = direction.map((d, i) => (d > 0 ? (WHITE - x[i]!) / d : d < 0 ? -x[i]! / d : Infinity));
  const order = Array.from(ends.keys()).filter((i) => ends[i]! < Infinity);
  order.sort((a, b) => ends[a]! - ends[b]! || a - b);
  let power = 0;
  for (const i of order) power += direction[i]! ** 2;
  let gain = 0;
  let mu = 0;
  for (const i of order) {
    const more = Math.max(power, 0) * (ends[i]! - mu);
    if (gain + more >= needed && more > 0) {
      mu += (needed - gain) / power;
      return Float64Array.from(direction, (d, j) => Math.min(WHITE, Math.max(0, x[j]! + mu * d)));
    }
    gain += more;
    mu = ends[i]!;
    power -= direction[i]! ** 2;
  }
  return Float64Array.from(direction, (d, j) => (d > 0 ? WHITE : d < 0 ? 0 : x[j]!));
}
