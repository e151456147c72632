/** The files that Python wrote and pytest reads as well: tests/golden. */

import explain from "../../../tests/golden/explain.json";
import framing from "../../../tests/golden/framing.json";
import model from "../../../tests/golden/model.json";
import pca from "../../../tests/golden/pca.json";
import thresholds from "../../../tests/golden/thresholds.json";

export const golden = { explain, framing, model, pca, thresholds };

type Nested = number | readonly Nested[];

/** The numbers of nested lists, one after the other. */
export function flat(nested: Nested): number[] {
  return typeof nested === "number" ? [nested] : nested.flatMap(flat);
}

/** The largest difference between two runs of numbers of one length. */
export function apart(one: ArrayLike<number>, other: ArrayLike<number>): number {
  if (one.length !== other.length) return Infinity;
  let most = 0;
  for (let i = 0; i < one.length; i++) most = Math.max(most, Math.abs(one[i]! - other[i]!));
  return most;
}

/** Numbers 0…1 that are the same each time (Park and Miller). */
export function draws(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 48271) % 2147483647) / 2147483647;
}
