import { expect, test } from "vitest";
import golden from "../../tests/golden/packet.json";
import { unpack } from "../src/packet";

const bytes = Uint8Array.from(golden.hex.match(/../g)!, (pair) => Number.parseInt(pair, 16));

test("what Python packed is read as it was", () => {
  const packet = unpack<typeof golden.value>(bytes.buffer);
  expect(packet.value).toEqual(golden.value);
  for (const [name, { shape, data }] of Object.entries(golden.arrays)) {
    expect(packet.shape(name)).toEqual(shape);
    const found = Array.from(packet.any(name), (one) => (Number.isFinite(one) ? one : null));
    expect(found, name).toEqual(data);
  }
  expect(packet.float32("numbers")[2]).toBe(Infinity);
  expect(Array.from(packet.codes("bytes"))).toEqual(golden.arrays.bytes.data);
});

test("nothing is copied", () => {
  expect(unpack(bytes.buffer).float32("numbers").buffer).toBe(bytes.buffer);
});

test("what is asked for wrongly is said", () => {
  const packet = unpack(bytes.buffer);
  expect(() => packet.float32("bytes")).toThrow("'bytes' is uint8, not Float32Array");
  expect(() => packet.any("weights")).toThrow(/no 'weights', only bytes, /);
  expect(() => packet.codes("numbers")).toThrow("'numbers' holds no codes");
  expect(packet.has("weights")).toBe(false);
});

test("what is no packet is refused", () => {
  expect(() => unpack(new ArrayBuffer(3))).toThrow("this is no packet");
  expect(() => unpack(new TextEncoder().encode("<!doctype html>").buffer)).toThrow("this is no packet");
});
