import { describe, expect, it } from "vitest";
import { framed, type Frame, type Pad } from "../../src/model/framing";
import { flat, golden } from "./golden";

function padOf(rows: readonly (readonly (number | readonly number[])[])[]): Pad {
  const first = rows[0]![0]!;
  return {
    pixels: Uint8Array.from(flat(rows)),
    height: rows.length,
    width: rows[0]!.length,
    channels: typeof first === "number" ? 1 : first.length,
  };
}

describe("framing", () => {
  it.each(golden.framing.cases.map((one, i) => [i, one] as const))("case %i is Python's to the last pixel", (_, one) => {
    const image = framed(padOf(one.pad as never), one.framing as Frame);
    expect(Array.from(image)).toEqual(flat(one.image as never));
  });

  it("does not care where on the pad the drawing is", () => {
    const frame = golden.framing.cases[0]!.framing as Frame;
    const pad = padOf(golden.framing.cases[0]!.pad as never);
    const moved = new Uint8Array((pad.height + 9) * (pad.width + 13));
    for (let r = 0; r < pad.height; r++)
      moved.set(pad.pixels.subarray(r * pad.width, (r + 1) * pad.width), (r + 9) * (pad.width + 13) + 13);
    const other = framed({ pixels: moved, height: pad.height + 9, width: pad.width + 13, channels: 1 }, frame);
    expect(other).toEqual(framed(pad, frame));
  });
});
