import { describe, expect, it } from "vitest";
import { inkOf } from "../../src/model/photo";

/** A bar of `pen` on paper that darkens from left to right. */
function photo(light: number, fall: number, pen: number): Uint8Array {
  return Uint8Array.from({ length: 80 * 60 }, (_, i) => {
    const [r, c] = [Math.floor(i / 60), i % 60];
    return r > 20 && r < 60 && c > 26 && c < 34 ? pen : light - (fall * c) / 60;
  });
}

describe("a photo", () => {
  it.each([
    ["dark on light", photo(230, 90, 20), true],
    ["light on dark", photo(100, 60, 250), false],
  ] as const)("%s: the bar is ink and the paper is not", (_, grey, turned) => {
    const found = inkOf(grey, 80, 60);
    expect(found.turned).toBe(turned);
    expect(found.pad.pixels[40 * 60 + 30]).toBe(255);
    for (const at of [5 * 60 + 5, 40 * 60 + 5, 40 * 60 + 55, 75 * 60 + 30]) expect(found.pad.pixels[at]).toBe(0);
  });

  it("of nothing is nothing", () => {
    expect(inkOf(photo(200, 3, 199), 80, 60).pad.pixels.every((value) => value === 0)).toBe(true);
  });
});
