/** From scores to probabilities. Two classes share one score, which speaks for the second. */

/** σ(z) = 1 / (1 + e^−z), without overflow on either side. */
export function sigmoid(z: number): number {
  if (z >= 0) return 1 / (1 + Math.exp(-z));
  const e = Math.exp(z);
  return e / (1 + e);
}

/** e^z_k / Σ e^z_j, shifted by the largest z, so that nothing overflows. */
export function softmax(z: ArrayLike<number>): Float64Array {
  const p = new Float64Array(z.length);
  let top = -Infinity;
  for (let k = 0; k < z.length; k++) top = Math.max(top, z[k]!);
  let sum = 0;
  for (let k = 0; k < z.length; k++) sum += p[k] = Math.exp(z[k]! - top);
  for (let k = 0; k < z.length; k++) p[k]! /= sum;
  return p;
}

/** Probabilities of all K classes: softmax(z), or (1 − σ(z), σ(z)) for one score. */
export function probabilitiesOf(z: ArrayLike<number>): Float64Array {
  return z.length === 1 ? Float64Array.of(sigmoid(-z[0]!), sigmoid(z[0]!)) : softmax(z);
}

/** Scores of all K classes: z, or (0, z) for one score. */
export function scoresOf(z: ArrayLike<number>): Float64Array {
  return z.length === 1 ? Float64Array.of(0, z[0]!) : Float64Array.from(z);
}

/** Places of the largest and the second largest; the first of equals. */
export function topTwo(values: ArrayLike<number>): readonly [number, number] {
  let first = 0;
  let second = -1;
  for (let k = 1; k < values.length; k++) {
    if (values[k]! > values[first]!) [first, second] = [k, first];
    else if (second < 0 || values[k]! > values[second]!) second = k;
  }
  return [first, second];
}
