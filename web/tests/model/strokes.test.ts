import { describe, expect, it } from "vitest";
import { boxOf, framed, type Frame } from "../../src/model/framing";
import { inked, read, spelled, type Stroke } from "../../src/model/strokes";
import { draws, golden } from "./golden";

const frame = golden.framing.cases[0]!.framing as Frame & { stroke: number };

function ink(strokes: readonly Stroke[]): Uint8Array {
  return framed(inked(strokes, frame)!, frame);
}

describe("strokes", () => {
  it("are as wide as those of the training images, however large they were drawn", () => {
    for (const size of [0.9, 0.4, 0.1]) {
      const [low, middle, high] = [0.05, 0.05 + size / 2, 0.05 + size];
      const cross = ink([[middle, low, middle, high], [low, middle, high, middle]]); // prettier-ignore
      const row = cross.subarray(7 * 28, 8 * 28).reduce((a, b) => a + b, 0) / 255;
      expect(row).toBeGreaterThan(frame.stroke * 0.85);
      expect(row).toBeLessThan(frame.stroke * 1.15);
    }
  });

  it("fill the frame's box and no more", () => {
    const pad = { pixels: ink([[0.2, 0.2, 0.8, 0.8], [0.8, 0.2, 0.2, 0.8]]), height: 28, width: 28, channels: 1 };
    const box = boxOf(pad, 25)!;
    expect(box.bottom - box.top).toBeGreaterThanOrEqual(19);
    expect(box.bottom - box.top).toBeLessThanOrEqual(20);
  });

  it("come out the same, scaled or moved", () => {
    const stroke = [0.1, 0.2, 0.5, 0.3, 0.6, 0.8];
    const moved = stroke.map((at, i) => at * 0.5 + (i % 2 ? 0.05 : 0.4));
    const [one, other] = [ink([stroke]), ink([moved])];
    const apart = one.reduce((sum, value, i) => sum + Math.abs(value - other[i]!), 0) / 255;
    expect(apart).toBeLessThan(2);
  });

  it("a dot is ink, nothing is nothing", () => {
    expect(ink([[0.5, 0.5]]).some((value) => value > 100)).toBe(true);
    expect(inked([], frame)).toBeNull();
  });

  it("are read back as they were spelled", () => {
    const strokes = [[0, 0, 1, 1, 1, 0], [1 / 511, 2 / 511]]; // prettier-ignore
    expect(read(spelled(strokes))).toEqual(strokes);
    expect(spelled([[0, 0, 256 / 511, 256 / 511, 1, 1]]).length).toBe(6);
    for (const wrong of ["", "abcd", "ab?", "...", "abc..def"]) expect(read(wrong)).toBeNull();
  });

  it("are spelled the same again, so that a link shows the same image", () => {
    const draw = draws(11);
    const drawn = [Array.from({ length: 60 }, draw), Array.from({ length: 8 }, draw)];
    const text = spelled(drawn);
    const again = read(text)!;
    expect(spelled(again)).toBe(text);
    expect(ink(again)).toEqual(ink(read(spelled(again))!));
  });
});
