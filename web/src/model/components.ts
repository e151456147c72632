/** Principal components: an image from fewer numbers. */

/** mean + Σ_{i<m} coordinate_i · component_i; `components` (k × d) in C order. */
export function restored(
  mean: ArrayLike<number>, components: ArrayLike<number>, coordinates: ArrayLike<number>, m: number,
): Float32Array { // prettier-ignore
  const d = mean.length;
  const image = Float64Array.from(mean);
  for (let i = 0; i < Math.min(m, coordinates.length); i++) {
    const share = coordinates[i]!;
    for (let j = 0, at = i * d; j < d; j++) image[j]! += share * components[at++]!;
  }
  return Float32Array.from(image);
}
