/** Many small images in one large one. The gallery draws itself with it: one write a pixel, and no image objects. */

import { mix, word, type Table } from "./colours";

export interface Tile {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Pixels between two tiles. */
  readonly gap: number;
}

/** How a mosaic is laid out in a width: columns of tiles, each `pitch` wide and `rise` high on the page. */
export interface Layout {
  readonly columns: number;
  readonly lines: number;
  readonly pitch: number;
  readonly rise: number;
}

/** Tiles of about `size` that fill `width`. */
export function layout(count: number, width: number, size: number, tile: Tile): Layout {
  const columns = Math.max(1, Math.floor(width / size));
  const pitch = width / columns;
  const rise = (pitch * (tile.height + tile.gap)) / (tile.width + tile.gap);
  return { columns, lines: Math.ceil(count / columns), pitch, rise };
}

/** A copy of a table, stepped back towards the ground. */
export function faded(table: Table, ground: number, share: number): Table {
  return table.map((colour) => mix(colour, ground, share));
}

/** Write an image at column `x`, line `y` of `target`, whose lines are `stride` long. */
export function lay(target: Uint32Array, stride: number, x: number, y: number, image: Uint8Array, tile: Tile, table: Table): void {
  const { height, width, channels } = tile;
  let from = 0;
  for (let i = 0; i < height; i++) {
    let to = (y + i) * stride + x;
    if (channels === 1) for (let j = 0; j < width; j++) target[to++] = table[image[from++]!]!;
    else for (let j = 0; j < width; j++, from += 3) target[to++] = word(image[from]!, image[from + 1]!, image[from + 2]!);
  }
}

/** Fill a rectangle with one colour. */
export function fill(target: Uint32Array, stride: number, x: number, y: number, width: number, height: number, colour: number): void {
  for (let i = y; i < y + height; i++) target.fill(colour, i * stride + x, i * stride + x + width);
}
