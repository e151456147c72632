/** Straight and logarithmic scales of a chart, and round numbers on them. */

export interface Scale {
  /** Place on the screen of a value; not a number where the value has none. */
  (value: number): number;
  readonly domain: readonly [number, number];
  readonly log: boolean;
  /** The value at a place on the screen. */
  inverse(place: number): number;
}

export function scale(domain: readonly [number, number], range: readonly [number, number], log = false): Scale {
  const to = (value: number): number => (log ? Math.log10(value) : value);
  const [low, high] = [to(domain[0]), to(domain[1])];
  const span = high - low || 1;
  const place = (value: number): number => range[0] + ((to(value) - low) / span) * (range[1] - range[0]);
  const inverse = (at: number): number => {
    const value = low + ((at - range[0]) / (range[1] - range[0])) * span;
    return log ? 10 ** value : value;
  };
  return Object.assign(place, { domain, log, inverse });
}

/** Round numbers inside the domain, about `count` of them. */
export function ticks(domain: readonly [number, number], count: number, log = false): number[] {
  const [low, high] = domain;
  if (log) {
    const [from, to] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
    const stride = Math.max(1, Math.ceil((to - from + 1) / count));
    return Array.from({ length: Math.max(0, Math.floor((to - from) / stride) + 1) }, (_, i) => 10 ** (from + i * stride));
  }
  const rough = (high - low) / Math.max(1, count) || 1;
  const size = 10 ** Math.floor(Math.log10(rough));
  const step = size * ([1, 2, 5, 10].find((one) => one * size >= rough * 0.999) ?? 10);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.max(0, Math.floor(high / step + 1e-9) - first + 1) }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** The `d` of a line through places; a gap wherever one has no place. */
export function line(places: readonly (readonly [number, number])[]): string {
  let d = "";
  let down = false;
  for (const [x, y] of places) {
    const known = Number.isFinite(x) && Number.isFinite(y);
    if (known) d += `${down ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
    down = known;
  }
  return d;
}

/** A tick as people write it: 0.5, 10⁻³. */
export function written(value: number, log: boolean): string {
  if (!log) return String(value).replace("-", "−");
  const power = Math.round(Math.log10(value));
  if (Math.abs(value / 10 ** power - 1) > 1e-9) return String(value);
  if (power >= -2 && power <= 3) return String(10 ** power);
  return `10${String(power).replace(/[-\d]/g, (sign) => (sign === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(sign)]!))}`;
}
