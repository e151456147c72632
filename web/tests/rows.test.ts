import { describe, expect, test } from "vitest";
import { chosenRows, inside, needsModel, type Known } from "../src/rows";
import { START, type State } from "../src/state";

const n = 2000;
const known: Known = {
  n,
  n_train: 1500,
  label: Uint8Array.from({ length: n }, (_, i) => (i * 7) % 10),
  ink: Float32Array.from({ length: n }, (_, i) => ((i * 37) % 101) / 100),
  duplicate: Uint8Array.from({ length: n }, (_, i) => Number(i % 50 === 0)),
  predicted: Uint8Array.from({ length: n }, (_, i) => (i % 13 === 0 ? (i * 7 + 1) % 10 : (i * 7) % 10)),
  confidence: Float32Array.from({ length: n }, (_, i) => ((i * 53) % 97) / 97),
  named: null,
  within: null,
};
const chosen = (changes: Partial<State>, more: Partial<Known> = {}): number[] => [...chosenRows({ ...START, ...changes }, { ...known, ...more })];

describe("which images are shown", () => {
  test("all of them, in their order, without filters", () => {
    expect(chosen({})).toEqual(Array.from({ length: n }, (_, i) => i));
  });

  const FILTERS: [string, Partial<State>, (row: number) => boolean][] = [
    ["classes", { show: [3, 4] }, (row) => [3, 4].includes(known.label[row]!)],
    ["training", { split: "train" }, (row) => row < 1500],
    ["testing", { split: "test" }, (row) => row >= 1500],
    ["right", { outcome: "right" }, (row) => known.label[row] === known.predicted![row]],
    ["wrong", { outcome: "wrong" }, (row) => known.label[row] !== known.predicted![row]],
    ["ink", { ink_low: 0.2, ink_high: 0.4 }, (row) => known.ink[row]! >= 0.2 && known.ink[row]! <= 0.4],
    ["confidence", { sure_low: 0.9 }, (row) => known.confidence![row]! >= 0.9],
    ["duplicates", { only: "duplicates" }, (row) => known.duplicate[row] === 1],
  ];
  test.each(FILTERS)("%s: those that pass, and no others", (_, changes, passes) => {
    const rows = chosen(changes);
    expect(rows).toEqual(Array.from({ length: n }, (_, i) => i).filter(passes));
    expect(rows.length).toBeGreaterThan(0);
  });

  test("two filters are the images that pass both", () => {
    for (const [, one] of FILTERS) {
      for (const [, other] of FILTERS) {
        if (Object.keys(one).some((key) => key in other)) continue;
        const second = new Set(chosen(other));
        expect(chosen({ ...one, ...other })).toEqual(chosen(one).filter((row) => second.has(row)));
      }
    }
  });

  test.each(["label", "ink", "sure", "unsure"] as const)("sorted by %s: the same images, in order", (sort) => {
    const rows = chosen({ sort, split: "test" });
    expect(rows.toSorted((a, b) => a - b)).toEqual(chosen({ split: "test" }));
    const values = rows.map((row) => ({ label: known.label[row]!, ink: known.ink[row]!, sure: -known.confidence![row]!, unsure: known.confidence![row]! })[sort]);
    for (let i = 1; i < values.length; i++) expect(values[i]!).toBeGreaterThanOrEqual(values[i - 1]!);
  });

  test("rows that are named keep their order and still pass the filters", () => {
    expect(chosen({ only: "suspects", split: "train" }, { named: [1700, 40, 3] })).toEqual([40, 3]);
  });

  test("a model is asked for only where it is needed", () => {
    expect(needsModel(START)).toBe(false);
    expect(needsModel({ ...START, show: [1], split: "test", sort: "ink" })).toBe(false);
    for (const changes of [{ outcome: "wrong" }, { sort: "sure" }, { sure_high: 0.5 }] as const) expect(needsModel({ ...START, ...changes })).toBe(true);
  });
});

describe("the lasso", () => {
  const x = Float32Array.from({ length: 400 }, (_, i) => (i % 20) + 0.5);
  const y = Float32Array.from({ length: 400 }, (_, i) => Math.floor(i / 20) + 0.5);

  test("a rectangle holds the points between its sides", () => {
    const found = inside([2, 3, 10, 3, 10, 8, 2, 8], x, y);
    expect([...found]).toEqual(Array.from(x, (one, i) => Number(one > 2 && one < 10 && y[i]! > 3 && y[i]! < 8)));
  });

  test("which way around, and where it begins, does not matter", () => {
    const corners = [[1, 1], [18, 4], [12, 17], [9, 6], [3, 15]] as const;
    const expected = inside(corners.flat(), x, y);
    expect(expected.reduce((sum, is) => sum + is, 0)).toBeGreaterThan(20);
    for (let k = 0; k < corners.length; k++) {
      const turned = [...corners.slice(k), ...corners.slice(0, k)];
      expect(inside(turned.flat(), x, y)).toEqual(expected);
      expect(inside(turned.toReversed().flat(), x, y)).toEqual(expected);
    }
  });

  test("no corners hold nothing", () => {
    expect(inside([], x, y).some((is) => is === 1)).toBe(false);
  });
});
