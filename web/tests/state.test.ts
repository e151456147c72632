import { describe, expect, test } from "vitest";
import { PROPERTIES, ROOMS, START, fromAddress, isFiltered, reduce, setupOf, toAddress, type State } from "../src/state";
import type { Hello } from "../src/wire";

/** A number below `limit` from a seed; tests that fail can be repeated. */
function dice(seed: number): (limit: number) => number {
  let at = seed;
  return (limit) => {
    at = (Math.imul(at, 1664525) + 1013904223) >>> 0;
    return Math.floor((at / 2 ** 32) * limit);
  };
}

const WORDS = ["", "pixels", "pca-poly", "a, b & c", "ünïcode #1", "100%", "x=y"];

function anyState(seed: number): State {
  const roll = dice(seed);
  const some = (): boolean => roll(2) === 0;
  const word = (): string => WORDS[roll(WORDS.length)]!;
  const named = (): string => WORDS[1 + roll(WORDS.length - 1)]!;
  const many = <T>(one: () => T): T[] => Array.from({ length: roll(4) }, one);
  return {
    ...START,
    room: ROOMS[roll(ROOMS.length)]!,
    theme: (["system", "light", "dark"] as const)[roll(3)]!,
    question: word(),
    why: many(named),
    row: some() ? null : roll(70_000),
    show: many(() => roll(10)),
    outcome: (["all", "right", "wrong"] as const)[roll(3)]!,
    sure_low: roll(100) / 100,
    zoom: 16 + roll(140),
    band: some(),
    components: roll(784),
    lasso: many(() => (roll(20_001) - 10_000) / 1000),
    recipe: word(),
    C: some() ? null : 10 ** (roll(12) - 6),
    classes: many(named),
    seed: roll(1000),
    threshold: roll(1001) / 1000,
    drawing: word(),
  };
}

describe("the address", () => {
  test("the start needs no words", () => {
    expect(toAddress(START)).toBe("#");
    expect(fromAddress("")).toEqual(START);
  });

  test("a copied link shows the same state, whatever it is", () => {
    for (let seed = 0; seed < 500; seed++) {
      const state = anyState(seed);
      expect(fromAddress(toAddress(state)), toAddress(state)).toEqual(state);
    }
  });

  test("only what differs from the start is said", () => {
    expect(toAddress({ ...START, room: "shape", show: [3, 5] })).toBe("#room=shape&show=3,5");
  });

  test("nonsense is as if it were not said", () => {
    const nonsense = "#room=cellar&row=-3&C=abc&sure_low=7&show=1,x&band=maybe&threshold=&seed=1.5&unknown=1&lasso=1_NaN_2";
    expect(fromAddress(nonsense)).toEqual(START);
    expect(fromAddress("#room=ask&row=oops")).toEqual({ ...START, room: "ask" });
    expect(fromAddress("#why=%E0%A4%A")).toEqual(fromAddress("#why=%E0%A4%A"));
  });

  test("every property has a fallback that its own codec keeps", () => {
    for (const [name, property] of Object.entries(PROPERTIES) as [string, { fallback: unknown; write(v: never): string; read(t: string): unknown }][]) {
      const written = property.write(property.fallback as never);
      if (written !== "") expect(property.read(written), name).toEqual(property.fallback);
    }
  });
});

describe("the reducer", () => {
  test("leaves the old state as it was", () => {
    const before = Object.freeze({ ...START });
    const after = reduce(before, { type: "set", changes: { row: 7 } });
    expect(after.row).toBe(7);
    expect(before.row).toBeNull();
  });

  test("toggles a class on and off, in order", () => {
    const on = [5, 10, 2].reduce((state, value) => reduce(state, { type: "toggle", list: "show", value }), START);
    expect(on.show).toEqual([2, 5, 10]);
    expect(reduce(on, { type: "toggle", list: "show", value: 5 }).show).toEqual([2, 10]);
  });

  test("all images: no filter is left, the rest stays", () => {
    for (let seed = 0; seed < 50; seed++) {
      const state = anyState(seed);
      const all = reduce(state, { type: "all-images" });
      expect(isFiltered(all)).toBe(false);
      expect([all.room, all.row, all.recipe, all.zoom]).toEqual([state.room, state.row, state.recipe, state.zoom]);
    }
  });

  test("a question sets the page up, and keeps what is learned", () => {
    const state = { ...anyState(3), theme: "dark" as const, recipe: "pca" };
    const set = reduce(state, { type: "explore", question: "band", changes: { room: "look", row: 0, band: true } });
    expect(set).toEqual({ ...START, question: "band", room: "look", row: 0, band: true, theme: "dark", recipe: "pca", C: state.C, classes: state.classes, seed: state.seed });
  });
});

test("the setup is the recipe's own, but for what the address says", () => {
  const setup = { recipe: "pixels", C: 1, n_components: null, degree: null, classes: [], n_train: null, seed: 0 };
  const hello = { setup, recipes: [{ name: "pca", setup: { ...setup, recipe: "pca", C: 0.1, n_components: 45 } }] } as unknown as Hello;
  expect(setupOf(START, hello)).toEqual(setup);
  expect(setupOf({ ...START, recipe: "pca", seed: 3 }, hello)).toEqual({ ...setup, recipe: "pca", C: 0.1, n_components: 45, seed: 3 });
  expect(setupOf({ ...START, recipe: "pca", C: 10 }, hello).C).toBe(10);
  expect(setupOf({ ...START, recipe: "of another data set" }, hello)).toEqual(setup);
});
