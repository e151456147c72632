import { describe, expect, it } from "vitest";
import { restored } from "../../src/model/components";
import { nearest } from "../../src/model/neighbours";
import { fieldOf, probabilitiesAt } from "../../src/model/plane";
import { confusionOf, countsAt, decided, decidedAt, rates } from "../../src/model/thresholds";
import { apart, draws, golden } from "./golden";

const { label, probability, cases } = golden.thresholds;
const two = { labels: label, probability: probability.flatMap((p) => [1 - p, p]), K: 2 };

describe("thresholds", () => {
  it.each(cases)("count what Python counts at $threshold", (one) => {
    expect(countsAt(two, 1, one.threshold)).toEqual({
      truePositive: one.true_positive,
      falsePositive: one.false_positive,
      falseNegative: one.false_negative,
      trueNegative: one.true_negative,
    });
  });

  it("move the confusion matrix with them", () => {
    for (const { threshold } of cases) {
      const confusion = confusionOf(label, decidedAt(two, 1, threshold), 2);
      const counts = countsAt(two, 1, threshold);
      expect(Array.from(confusion)).toEqual([counts.trueNegative, counts.falsePositive, counts.falseNegative, counts.truePositive]);
    }
  });

  it("of one half are the likeliest of two classes", () => {
    expect(decidedAt(two, 1, 0.5)).toEqual(decided(two));
  });

  it("of many classes leave the others to the likeliest", () => {
    const judged = { labels: [0, 1, 2], probability: [0.5, 0.3, 0.2, 0.1, 0.5, 0.4, 0.2, 0.2, 0.6], K: 3 };
    expect(Array.from(decidedAt(judged, 0, 0.15))).toEqual([0, 1, 0]);
    expect(Array.from(decidedAt(judged, 0, 0.6))).toEqual([1, 1, 2]);
  });

  it("have no precision where nothing is called", () => {
    expect(rates({ truePositive: 0, falsePositive: 0, falseNegative: 2, trueNegative: 3 })).toEqual({
      precision: null, recall: 0, falsePositiveRate: 0, f1: 0,
    }); // prettier-ignore
  });
});

describe("components", () => {
  const { mean, components, coordinates } = golden.pca;
  it.each(Object.entries(golden.pca.restored))("restore with %s of them as Python does", (m, pixels) => {
    expect(apart(restored(mean, components.flat(), coordinates, Number(m)), pixels)).toBeLessThan(1e-5);
  });
});

describe("neighbours", () => {
  it("are the nearest of all", () => {
    const draw = draws(5);
    const block = Uint8Array.from({ length: 60 * 9 }, () => Math.floor(draw() * 256));
    const x = Array.from({ length: 9 }, () => Math.floor(draw() * 256));
    const all = Array.from({ length: 60 }, (_, i) =>
      Math.sqrt(x.reduce((sum, value, j) => sum + (block[i * 9 + j]! - value) ** 2, 0) / 9),
    ).sort((a, b) => a - b);
    const found = nearest(block, x, 100, 5);
    expect(apart(found.map((one) => one.distance), all.slice(0, 5))).toBeLessThan(1e-9);
    expect(found.every((one) => one.row >= 100 && one.row < 160)).toBe(true);
  });
});

describe("plane", () => {
  it("is one half on the line z = 0, and a cell is decided as its middle", () => {
    const line = { weights: [[2, -1]] as const, bias: [0.5] };
    expect(Array.from(probabilitiesAt(line, 1, 2.5))).toEqual([0.5, 0.5]);
    const field = fieldOf(line, { x0: -1, x1: 1, y0: -1, y1: 1 }, 2, 2);
    expect(Array.from(field.decided)).toEqual([0, 1, 0, 1]);
    expect(field.probability[1]).toBeCloseTo(probabilitiesAt(line, 0.5, 0.5)[1]!, 6);
  });
});
