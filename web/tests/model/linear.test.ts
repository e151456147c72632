import { describe, expect, it } from "vitest";
import { inWhole, smallestChange, within } from "../../src/model/change";
import { contributions, linearModel, scores, towards } from "../../src/model/linear";
import { probabilitiesOf, scoresOf, sigmoid, softmax, topTwo } from "../../src/model/probability";
import { apart, draws, flat, golden } from "./golden";

describe.each(golden.model.cases.map((one, i) => [i, one] as const))("model %i", (_, one) => {
  const model = linearModel(Float32Array.from(flat(one.weights)), Float32Array.from(one.bias));

  it("scores as Python does", () => {
    one.images.forEach((image, i) => expect(apart(scores(model, image), one.z[i]!)).toBeLessThan(1e-4));
  });

  it("gives Python's probabilities", () => {
    one.images.forEach((image, i) => {
      expect(apart(probabilitiesOf(scores(model, image)), one.probability[i]!)).toBeLessThan(1e-5);
    });
  });
});

describe.each(golden.explain.cases.map((one, i) => [i, one] as const))("explanation %i", (_, one) => {
  const model = linearModel(Float32Array.from(flat(one.weights)), Float32Array.from(one.bias));
  const x = flat(one.image);
  const z = scores(model, x);

  it("has Python's contributions, which add up to z", () => {
    const shares = contributions(model, x);
    expect(apart(shares, flat(one.contributions))).toBeLessThan(1e-5);
    z.forEach((value, r) => {
      const sum = shares.subarray(r * model.columns, (r + 1) * model.columns).reduce((a, b) => a + b, model.bias[r]!);
      expect(sum).toBeCloseTo(value, 4);
    });
  });

  it("names Python's first and second", () => {
    expect(topTwo(scoresOf(z))).toEqual([one.predicted, one.runner_up]);
  });

  it("finds Python's smallest change, which flips the decision", () => {
    const change = smallestChange(model, x)!;
    expect(change.target).toBe(one.change.target);
    expect(apart(change.delta, flat(one.change.delta))).toBeLessThan(1e-3);
    expect(change.norm).toBeCloseTo(one.change.norm, 2);
    expect(topTwo(scoresOf(scores(model, change.image)))[0]).toBe(change.target);
  });
});

describe("laws", () => {
  it("a change stays between black and white, and half of it flips nothing", () => {
    const draw = draws(3);
    for (let round = 0; round < 40; round++) {
      const model = linearModel(
        Float32Array.from({ length: 90 }, () => (draw() - 0.5) / 50),
        Float32Array.from({ length: 3 }, () => draw() - 0.5),
      );
      const x = Float64Array.from({ length: 30 }, () => Math.floor(draw() * 256));
      const before = topTwo(scoresOf(scores(model, x)))[0];
      const change = smallestChange(model, x);
      if (!change) continue;
      expect(Math.min(...change.image)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...change.image)).toBeLessThanOrEqual(255);
      expect(topTwo(scoresOf(scores(model, change.image)))[0]).not.toBe(before);
      expect(topTwo(scoresOf(scores(model, inWhole(x, change.image))))[0]).not.toBe(before);
      const half = x.map((value, i) => value + 0.5 * change.delta[i]!);
      expect(topTwo(scoresOf(scores(model, half)))[0]).toBe(before);
      const rival = towards(model, before, change.target);
      const shorter = within(x, rival, 0);
      expect(apart(shorter, x)).toBe(0);
    }
  });

  it("softmax does not overflow, and σ(−z) = 1 − σ(z)", () => {
    expect(Array.from(softmax([1000, 0, -1000]))).toEqual([1, 0, 0]);
    for (const z of [-800, -3, 0, 0.5, 40, 800]) expect(sigmoid(z) + sigmoid(-z)).toBeCloseTo(1, 12);
    expect(Array.from(probabilitiesOf([0]))).toEqual([0.5, 0.5]);
  });

  it("refuses sizes that do not agree", () => {
    expect(() => linearModel(new Float32Array(7), new Float32Array(2))).toThrow(RangeError);
    expect(() => scores(linearModel(new Float32Array(8), new Float32Array(2)), [1, 2])).toThrow(RangeError);
  });
});
