/** Colours for pixels: tables of 256 packed RGBA words, from the custom properties of the page's theme. */

export type Scale = "image" | "amount" | "signed";
export type Table = Uint32Array;

export interface Colours {
  readonly paper: number;
  readonly ink: number;
  readonly soft: number;
  readonly rule: number;
  readonly sunken: number;
  readonly favour: number;
  readonly against: number;
  readonly series: readonly number[];
  readonly scales: Readonly<Record<Scale, Table>>;
}

export const SERIES = 7;

/** Red, green and blue, each 0…255, as a word of ImageData on a little-endian machine. */
export function word(red: number, green: number, blue: number, alpha = 255): number {
  return ((alpha << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** `#rrggbb` as a word. */
export function parse(colour: string): number {
  const value = Number.parseInt(colour.trim().slice(1), 16);
  return word(value >> 16, (value >> 8) & 255, value & 255);
}

export function css(colour: number): string {
  return `rgb(${colour & 255} ${(colour >> 8) & 255} ${(colour >> 16) & 255})`;
}

/** `share` of one colour on another. */
export function mix(colour: number, ground: number, share: number): number {
  const part = (shift: number): number => Math.round(share * ((colour >> shift) & 255) + (1 - share) * ((ground >> shift) & 255));
  return word(part(0), part(8), part(16));
}

/** 256 steps through colours at places 0…1. */
export function ramp(stops: readonly (readonly [number, number])[]): Table {
  return Uint32Array.from({ length: 256 }, (_, i) => {
    const at = i / 255;
    const after = Math.max(1, stops.findIndex(([place]) => place >= at));
    const [low, from] = stops[after - 1]!;
    const [high, to] = stops[after]!;
    return mix(to, from, (at - low) / (high - low));
  });
}

/** The palette as it is on the page now. */
export function readColours(root: HTMLElement = document.documentElement): Colours {
  const style = getComputedStyle(root);
  return coloursOf((name) => style.getPropertyValue(`--${name}`));
}

/** The palette whose custom properties `read` gives. */
export function coloursOf(read: (name: string) => string): Colours {
  const one = (name: string): number => parse(read(name));
  const [paper, ink, sunken] = [one("paper"), one("ink"), one("sunken")];
  const [favour, against] = [one("favour"), one("against")];
  const [deepFavour, deepAgainst] = [one("deep-favour"), one("deep-against")];
  return {
    paper,
    ink,
    sunken,
    favour,
    against,
    soft: one("soft"),
    rule: one("rule"),
    series: Array.from({ length: SERIES }, (_, i) => one(`series-${i}`)),
    scales: {
      image: ramp([[0, word(12, 14, 18)], [1, word(250, 249, 246)]]),
      amount: ramp([[0, sunken], [0.5, favour], [1, deepFavour]]),
      signed: ramp([[0, deepAgainst], [0.2, against], [0.5, paper], [0.8, favour], [1, deepFavour]]),
    },
  };
}

/** Write one image into pixels. `low`…`high` are the ends of the table; three channels are shown as they are. */
export function paint(
  target: Uint32Array,
  values: ArrayLike<number>,
  channels: number,
  table: Table,
  low: number,
  high: number,
): void {
  const scale = high > low ? 255 / (high - low) : 0;
  if (channels === 3) {
    const at = (i: number): number => Math.min(255, Math.max(0, Math.round((values[i]! - low) * scale)));
    for (let i = 0, j = 0; i < target.length; i++, j += 3) target[i] = word(at(j), at(j + 1), at(j + 2));
    return;
  }
  for (let i = 0; i < target.length; i++) {
    const level = ((values[i]! - low) * scale + 0.5) | 0;
    target[i] = table[level < 0 ? 0 : level > 255 ? 255 : level]!;
  }
}
