import { describe, expect, test } from "vitest";
import { mix, paint, parse, ramp, word } from "../src/colours";
import { lay, layout, type Tile } from "../src/mosaic";
import { dot, nearest, shuffled, stamp } from "../src/points";
import { figure, many, percent } from "../src/text";
import { ticks } from "../src/ticks";

const grey = ramp([[0, word(0, 0, 0)], [1, word(255, 255, 255)]]);

describe("colours", () => {
  test("a word is red, green, blue, in the order of ImageData", () => {
    expect([...new Uint8Array(Uint32Array.of(parse("#1a2b3c")).buffer)]).toEqual([0x1a, 0x2b, 0x3c, 255]);
  });

  test("a ramp begins and ends with its stops, and its grey is a grey", () => {
    expect(grey[0]).toBe(word(0, 0, 0));
    expect(grey[255]).toBe(word(255, 255, 255));
    grey.forEach((colour, i) => expect(colour).toBe(word(i, i, i)));
  });

  test("a mixture of one colour is that colour", () => {
    expect(mix(parse("#257abe"), parse("#257abe"), 0.3)).toBe(parse("#257abe"));
  });

  test("values beyond the ends are painted as the ends", () => {
    const pixels = new Uint32Array(4);
    paint(pixels, [-5, 0, 1, 9], 1, grey, 0, 1);
    expect([...pixels]).toEqual([grey[0], grey[0], grey[255], grey[255]]);
    paint(pixels, Array.from({ length: 12 }, (_, i) => i * 20), 3, grey, 0, 255);
    expect(pixels[1]).toBe(word(60, 80, 100));
  });
});

describe("the mosaic", () => {
  const tile: Tile = { height: 3, width: 2, channels: 1, gap: 1 };

  test("every image has a place in the width", () => {
    for (const [count, width, size] of [[70_000, 1200, 40], [5, 100, 400], [1, 1, 40], [0, 300, 40]] as const) {
      const { columns, lines, pitch } = layout(count, width, size, tile);
      expect(columns).toBeGreaterThanOrEqual(1);
      expect(columns * lines).toBeGreaterThanOrEqual(count);
      expect(columns * pitch).toBeCloseTo(width);
      expect((lines - 1) * columns).toBeLessThan(Math.max(1, count));
    }
  });

  test("an image lies where it should, and nothing else is touched", () => {
    const target = new Uint32Array(6 * 5);
    lay(target, 6, 3, 1, Uint8Array.of(1, 2, 3, 4, 5, 6), tile, grey);
    const written = [...target].map((value) => (value === 0 ? 0 : value & 255));
    expect(written).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 3, 4, 0, 0, 0, 0, 5, 6, 0, 0, 0, 0, 0, 0, 0]);
  });
});

describe("points", () => {
  const plot = { width: 40, height: 30, size: 3 };
  const draw = (x: number, y: number, share = 256): Uint32Array => {
    const target = new Uint32Array(40 * 30).fill(word(255, 255, 255));
    dot(target, plot, Float32Array.of(x), Float32Array.of(y), [0], [0], [word(10, 20, 30)], [false], share);
    return target;
  };

  test("a point is a disc around its place", () => {
    const target = draw(20, 15);
    const drawn = [...target.keys()].filter((i) => target[i] === word(10, 20, 30));
    expect(drawn).toHaveLength(stamp(3, false).length / 2);
    const mean = (of: (i: number) => number): number => drawn.reduce((sum, i) => sum + of(i), 0) / drawn.length;
    expect(mean((i) => i % 40)).toBe(20);
    expect(mean((i) => Math.floor(i / 40))).toBe(15);
  });

  test("half a colour is half way there, in every channel", () => {
    const [red, green, blue] = new Uint8Array(Uint32Array.of(draw(20, 15, 128)[15 * 40 + 20]!).buffer);
    expect([red, green, blue]).toEqual([132, 137, 142]);
  });

  test("a point at the edge, or beyond, does not run over", () => {
    for (const [x, y] of [[0, 0], [39, 29], [-5, 10], [400, 10], [NaN, 3]] as const) {
      const target = draw(x, y);
      expect(target.every((one) => one === word(255, 255, 255))).toBe(true);
    }
  });

  test("a ring has a hole", () => {
    expect(stamp(9, true).length).toBeLessThan(stamp(9, false).length);
  });

  test("the order is a permutation", () => {
    expect([...shuffled(1000)].toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
  });

  test("the nearest is the nearest of those that are alive, within reach", () => {
    const x = Float32Array.of(0, 3, 10);
    const y = Float32Array.of(0, 0, 0);
    expect(nearest(x, y, 2, 0, 5, () => true)).toBe(1);
    expect(nearest(x, y, 2, 0, 5, (i) => i !== 1)).toBe(0);
    expect(nearest(x, y, 50, 50, 5, () => true)).toBe(-1);
  });
});

describe("words and numbers", () => {
  test("ticks are round, within the range, and about as many as asked for", () => {
    for (const [low, high] of [[0, 1], [-0.33, -0.001], [-7, 12], [0, 70_000], [1e-6, 2e-6]] as const) {
      const found = ticks(low, high, 5);
      expect(found.length).toBeGreaterThanOrEqual(2);
      expect(found.length).toBeLessThanOrEqual(8);
      for (const one of found) expect(one >= low - 1e-12 && one <= high + 1e-12).toBe(true);
    }
    expect(ticks(0, 1, 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(ticks(3, 3)).toEqual([]);
  });

  test("numbers as a person writes them", () => {
    expect(percent(0.9252)).toBe("92.5 %");
    expect(figure(-0.012345)).toBe("−0.0123");
    expect([many(1, "pair"), many(2, "pair"), many(1200, "class", "classes")]).toEqual(["1 pair", "2 pairs", "1,200 classes"]);
  });
});
