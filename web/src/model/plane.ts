/** Two features: what a linear model decides everywhere on the plane. */

import { probabilitiesOf, topTwo } from "./probability";

/** z = weights · (first, second) + bias: (R, 2), (R). */
export interface Line {
  readonly weights: readonly (readonly [number, number])[];
  readonly bias: readonly number[];
}

/** A rectangle of the plane. */
export interface Extent {
  readonly x0: number;
  readonly x1: number;
  readonly y0: number;
  readonly y1: number;
}

/** `decided` class and its `probability` in the middle of each cell, rows from the top (y1) down. */
export interface Field {
  readonly columns: number;
  readonly rows: number;
  readonly decided: Uint16Array;
  readonly probability: Float32Array;
}

/** Probabilities of all classes at one place. */
export function probabilitiesAt(line: Line, x: number, y: number): Float64Array {
  return probabilitiesOf(line.weights.map(([a, b], r) => a * x + b * y + line.bias[r]!));
}

/** The decision on a grid of cells. */
export function fieldOf(line: Line, extent: Extent, columns: number, rows: number): Field {
  const decided = new Uint16Array(columns * rows);
  const probability = new Float32Array(columns * rows);
  for (let r = 0, at = 0; r < rows; r++) {
    const y = extent.y1 - ((r + 0.5) / rows) * (extent.y1 - extent.y0);
    for (let c = 0; c < columns; c++, at++) {
      const p = probabilitiesAt(line, extent.x0 + ((c + 0.5) / columns) * (extent.x1 - extent.x0), y);
      const [first] = topTwo(p);
      decided[at] = first;
      probability[at] = p[first]!;
    }
  }
  return { columns, rows, decided, probability };
}
