/** Which images are shown, and in which order: a pure function of the filters and of what is known of every image. */

import type { Codes } from "./packet";
import type { State } from "./state";

export interface Known {
  readonly n: number;
  readonly n_train: number;
  readonly label: Codes;
  readonly ink: Float32Array;
  readonly duplicate: Uint8Array;
  /** Of the model that answers, once it is there. */
  readonly predicted: Codes | null;
  readonly confidence: Float32Array | null;
  /** Rows that `only` names, in their order, where it names some: suspects, typical and atypical images. */
  readonly named: readonly number[] | null;
  /** 1 for the rows within the lasso, where there is one. */
  readonly within: Uint8Array | null;
}

/** Whether the filters ask for something that only a model knows. */
export function needsModel(state: State): boolean {
  return state.outcome !== "all" || state.sort === "sure" || state.sort === "unsure" || state.sure_low > 0 || state.sure_high < 1;
}

/** Rows that pass every filter, sorted. Law: a subset of 0…n−1 without repetition, whatever the filters. */
export function chosenRows(state: State, known: Known): Uint32Array {
  const { n, label, named } = known;
  const passes = filterOf(state, known);
  const found = new Uint32Array(named?.length ?? n);
  let m = 0;
  if (named) {
    for (const row of named) if (passes(row)) found[m++] = row;
    return found.subarray(0, m);
  }
  for (let row = 0; row < n; row++) if (passes(row)) found[m++] = row;
  const rows = found.subarray(0, m);
  switch (state.sort) {
    case "row":
      return rows;
    case "label":
      return rows.sort((a, b) => label[a]! - label[b]! || a - b);
    case "ink":
      return by(rows, known.ink, 1);
    case "sure":
      return known.confidence ? by(rows, known.confidence, -1) : rows;
    case "unsure":
      return known.confidence ? by(rows, known.confidence, 1) : rows;
  }
}

function by(rows: Uint32Array, values: Float32Array, sign: 1 | -1): Uint32Array {
  return rows.sort((a, b) => sign * (values[a]! - values[b]!) || a - b);
}

function filterOf(state: State, known: Known): (row: number) => boolean {
  const { label, ink, duplicate, predicted, confidence, within, n_train } = known;
  const shown = state.show.length > 0 ? new Set(state.show) : null;
  const { split, outcome, ink_low, ink_high, sure_low, sure_high } = state;
  const duplicates = state.only === "duplicates";
  const sure = confidence !== null && (sure_low > 0 || sure_high < 1);
  const inked = ink_low > 0 || ink_high < 1;
  return (row) =>
    (shown === null || shown.has(label[row]!)) &&
    (split === "all" || row < n_train === (split === "train")) &&
    (!duplicates || duplicate[row] === 1) &&
    (within === null || within[row] === 1) &&
    (!inked || (ink[row]! >= ink_low && ink[row]! <= ink_high)) &&
    (!sure || (confidence[row]! >= sure_low && confidence[row]! <= sure_high)) &&
    (outcome === "all" || predicted === null || (predicted[row] === label[row]) === (outcome === "right"));
}

/** 1 for the points within the polygon, corners x and y in turns; by the parity of the edges that a ray crosses. */
export function inside(polygon: readonly number[], x: Float32Array, y: Float32Array): Uint8Array {
  const found = new Uint8Array(x.length);
  const corners = polygon.length >> 1;
  for (let i = 0; i < x.length; i++) {
    let odd = 0;
    for (let a = 0, b = corners - 1; a < corners; b = a++) {
      const [ya, yb] = [polygon[2 * a + 1]!, polygon[2 * b + 1]!];
      if (ya > y[i]! === yb > y[i]!) continue;
      const [xa, xb] = [polygon[2 * a]!, polygon[2 * b]!];
      if (x[i]! < ((xb - xa) * (y[i]! - ya)) / (yb - ya) + xa) odd ^= 1;
    }
    found[i] = odd;
  }
  return found;
}
