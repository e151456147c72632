import { describe, expect, it } from "vitest";
import random from "../../../tests/golden/random.json";
import { smallestChange } from "../../src/model/change";
import { framed, type Frame } from "../../src/model/framing";
import { contributions, linearModel, scores } from "../../src/model/linear";
import { probabilitiesOf, scoresOf, topTwo } from "../../src/model/probability";
import { confusionOf, countsAt, decided } from "../../src/model/thresholds";
import { apart, flat } from "./golden";

const numbered = <T>(cases: readonly T[]): (readonly [number, T])[] => cases.map((one, i) => [i, one] as const);
/** How far apart two sums of such numbers may be. */
const near = (values: readonly number[]): number => 1e-12 * (1 + Math.max(...values.map(Math.abs)));

describe.each(numbered(random.models))("random model %i", (_, one) => {
  const model = linearModel(Float32Array.from(flat(one.weights)), Float32Array.from(one.bias));
  const z = scores(model, one.image);

  it("has Python's scores and probabilities to the last digits", () => {
    expect(apart(z, one.z)).toBeLessThan(near(one.contributions) + near(one.z));
    expect(apart(probabilitiesOf(z), one.probability)).toBeLessThan(1e-9);
  });

  it("has Python's contributions, as float32 holds them", () => {
    const shares = contributions(model, one.image);
    expect(shares).toEqual(Float32Array.from(one.contributions));
  });

  it("names Python's first and second, and finds Python's smallest change", () => {
    expect(topTwo(scoresOf(z))).toEqual([one.predicted, one.runner_up]);
    const change = smallestChange(model, one.image);
    expect(change?.target).toBe(one.change?.target);
    if (!change || !one.change) return;
    expect(apart(change.delta, one.change.delta)).toBeLessThan(1e-6);
    expect(change.norm).toBeCloseTo(one.change.norm, 6);
  });
});

it.each(numbered(random.frames))("drawing %i is framed as Python does, to the last pixel", (_, one) => {
  const [pad, first] = [one.pad as never, one.pad[0]![0]!];
  const size = { height: one.pad.length, width: one.pad[0]!.length, channels: Array.isArray(first) ? 3 : 1 };
  const image = framed({ pixels: Uint8Array.from(flat(pad)), ...size }, one.framing as Frame);
  expect(Array.from(image)).toEqual(flat(one.image as never));
});

it.each(numbered(random.judged))("decisions %i are counted as Python does", (_, one) => {
  const judged = { labels: one.label, probability: one.probability, K: one.K };
  expect(Array.from(confusionOf(one.label, decided(judged), one.K))).toEqual(one.confusion);
  one.threshold.forEach((threshold, i) => {
    const found = countsAt(judged, one.k, threshold);
    const counts = [found.truePositive, found.falsePositive, found.falseNegative, found.trueNegative];
    expect(counts).toEqual(one.counts[i]);
  });
});
