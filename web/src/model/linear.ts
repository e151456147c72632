/** A model that is linear in the pixels: z = W x + b for x in 0…255. */

/** `weights` (rows × columns) in C order, `bias` (rows); rows = K, or 1 for two classes. */
export interface LinearModel {
  readonly weights: Float32Array;
  readonly bias: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

/** The record that holds a model; throws where the sizes do not agree. */
export function linearModel(weights: Float32Array, bias: Float32Array): LinearModel {
  const rows = bias.length;
  const columns = rows ? weights.length / rows : 0;
  if (!rows || !Number.isInteger(columns)) throw new RangeError(`${weights.length} weights are not ${rows} whole rows`);
  return { weights, bias, rows, columns };
}

/** z (rows), summed in double precision. */
export function scores(model: LinearModel, x: ArrayLike<number>): Float64Array {
  const { weights, bias, rows, columns } = model;
  if (x.length !== columns) throw new RangeError(`an image of ${x.length} numbers, and weights for ${columns}`);
  const z = new Float64Array(rows);
  for (let r = 0, at = 0; r < rows; r++) {
    let sum = bias[r]!;
    for (let i = 0; i < columns; i++) sum += weights[at++]! * x[i]!;
    z[r] = sum;
  }
  return z;
}

/** What each pixel adds to each z (rows × columns): w x. Law: its sum and the bias are z. */
export function contributions(model: LinearModel, x: ArrayLike<number>): Float32Array {
  const { weights, rows, columns } = model;
  const shares = new Float32Array(rows * columns);
  for (let r = 0, at = 0; r < rows; r++) for (let i = 0; i < columns; i++, at++) shares[at] = weights[at]! * x[i]!;
  return shares;
}

/** Gradient of z_target − z_predicted by the pixels (columns); classes 0…K−1. */
export function towards(model: LinearModel, predicted: number, target: number): Float64Array {
  const { weights, rows, columns } = model;
  const gradient = new Float64Array(columns);
  for (let i = 0; i < columns; i++) {
    gradient[i] =
      rows > 1
        ? weights[target * columns + i]! - weights[predicted * columns + i]!
        : target === 1
          ? weights[i]!
          : -weights[i]!;
  }
  return gradient;
}
