/** Round numbers for an axis: multiples of 1, 2 or 5 times a power of ten, about `about` of them within low…high. */
export function ticks(low: number, high: number, about = 5): number[] {
  if (!(high > low)) return [];
  const rough = (high - low) / about;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough * 0.999)!;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}
