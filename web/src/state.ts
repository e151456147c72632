/**
 * What the address holds. One table of properties says what there is, what it is unless said otherwise, and how it is
 * written; the type, the reducer and the codec follow from it. A copied link therefore shows the same view.
 */

import type { Hello, Setup } from "./wire";

export const ROOMS = ["look", "shape", "learn", "judge", "ask"] as const;
export type Room = (typeof ROOMS)[number];

interface Property<T> {
  readonly fallback: T;
  write(value: T): string;
  /** undefined: this is no such value, and the fallback is taken. */
  read(text: string): T | undefined;
}

function choice<const T extends string>(options: readonly T[], fallback: NoInfer<T>): Property<T> {
  return { fallback, write: (value) => value, read: (text) => options.find((one) => one === text) };
}

const flag: Property<boolean> = {
  fallback: false,
  write: (value) => (value ? "1" : "0"),
  read: (text) => (text === "1" ? true : text === "0" ? false : undefined),
};

const text = (fallback: string): Property<string> => ({ fallback, write: (value) => value, read: (said) => said });

/** A word of a list; its own commas are hidden from the list's. */
const word: Property<string> = { fallback: "", write: encodeURIComponent, read: decoded };

function decoded(said: string): string | undefined {
  try {
    return decodeURIComponent(said);
  } catch {
    return undefined;
  }
}

function number(low: number, high: number, fallback: number): Property<number> {
  return { fallback, write: short, read: (said) => inside(said, low, high) };
}

function whole(low: number, high: number, fallback: number): Property<number> {
  const read = (said: string): number | undefined => (/^-?\d+$/.test(said) ? inside(said, low, high) : undefined);
  return { fallback, write: String, read };
}

function optional<T>(of: Property<T>): Property<T | null> {
  return { fallback: null, write: (value) => (value === null ? "" : of.write(value)), read: (said) => of.read(said) };
}

function list<T>(of: Property<T>, separator = ","): Property<readonly T[]> {
  return {
    fallback: [],
    write: (values) => values.map((one) => of.write(one)).join(separator),
    read: (said) => {
      const read = said === "" ? [] : said.split(separator).map((one) => of.read(one));
      return read.includes(undefined) ? undefined : (read as T[]);
    },
  };
}

function inside(said: string, low: number, high: number): number | undefined {
  const value = said.trim() === "" ? NaN : Number(said);
  return value >= low && value <= high ? value : undefined;
}

/** Six digits are more than a screen shows. */
function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}

const MOST = 2 ** 31;
const row = whole(0, MOST, 0);
const label = whole(0, 65535, 0);

export const PROPERTIES = {
  room: choice(ROOMS, "look"),
  theme: choice(["system", "light", "dark"], "system"),
  /** The question to explore that is open. */
  question: text(""),
  /** Which "why?" are unfolded. */
  why: list(word),
  /** The image in focus, in every room. */
  row: optional(row),

  // -- Look and Shape: which images
  show: list(label),
  split: choice(["all", "train", "test"], "all"),
  outcome: choice(["all", "right", "wrong"], "all"),
  only: choice(["all", "duplicates", "suspects", "typical", "atypical"], "all"),
  sure_low: number(0, 1, 0),
  sure_high: number(0, 1, 1),
  ink_low: number(0, 1, 0),
  ink_high: number(0, 1, 1),
  sort: choice(["row", "label", "ink", "sure", "unsure"], "row"),
  zoom: number(16, 160, 40),
  band: { ...flag },
  map: choice(["mean", "variance", "constant"], "mean"),

  // -- Shape
  components: whole(0, 4096, 20),
  x: whole(0, 255, 0),
  y: whole(0, 255, 1),
  /** Corners of the lasso, x and y in turns, in units of the two axes. */
  lasso: list(number(-1e9, 1e9, 0), "_"),

  // -- Learn: null and "" stand for what the recipe, or the server, begins with
  recipe: text(""),
  C: optional(number(1e-12, 1e12, 1)),
  n_components: optional(whole(1, 65536, 1)),
  degree: optional(whole(1, 9, 2)),
  classes: list(word),
  n_train: optional(whole(1, MOST, 1)),
  seed: whole(0, MOST, 0),
  descent: { ...flag },
  pace: optional(number(0.01, 1000, 5)),
  pass: optional(whole(0, MOST, 0)),

  // -- Judge
  threshold: number(0, 1, 0.5),
  positive: optional(label),
  /** The open cell of the confusion matrix: true, then predicted class; codes of the data set. */
  cell: list(label),
  against: text(""),

  // -- Ask
  /** What was drawn, as Ask writes it. */
  drawing: text(""),
  target: optional(label),
} satisfies Record<string, Property<unknown>>;

export type State = {
  readonly [K in keyof typeof PROPERTIES]: (typeof PROPERTIES)[K] extends Property<infer T> ? T : never;
};
export type Changes = Partial<State>;

const TABLE = PROPERTIES as unknown as Record<string, Property<unknown>>;
const NAMES = Object.keys(TABLE) as (keyof State)[];

export const START = Object.fromEntries(NAMES.map((name) => [name, TABLE[name]!.fallback])) as State;

/** The fragment of an address that says `state`: only what differs from the start. */
export function toAddress(state: State): string {
  const said = new URLSearchParams();
  for (const name of NAMES) {
    const { write, fallback } = TABLE[name]!;
    const value = write(state[name]);
    if (value !== write(fallback)) said.set(name, value);
  }
  return `#${said.toString().replaceAll("%2C", ",")}`;
}

/** The state that an address's fragment says; what it does not say, or says wrongly, is as at the start. */
export function fromAddress(fragment: string): State {
  const said = new URLSearchParams(fragment.replace(/^#/, ""));
  const read = NAMES.map((name) => {
    const found = said.get(name);
    return [name, (found === null ? undefined : TABLE[name]!.read(found)) ?? TABLE[name]!.fallback];
  });
  return Object.fromEntries(read) as State;
}

export type Action =
  | { readonly type: "set"; readonly changes: Changes }
  | { readonly type: "toggle"; readonly list: "show" | "why" | "classes"; readonly value: number | string }
  | { readonly type: "all-images" }
  /** Set the page up for a question: what it changes, and all else as at the start but the look and what is learned. */
  | { readonly type: "explore"; readonly question: string; readonly changes: Changes };

const FILTERS = ["show", "split", "outcome", "only", "sure_low", "sure_high", "ink_low", "ink_high", "lasso"] as const;
const KEPT = ["theme", "recipe", "C", "n_components", "degree", "classes", "n_train", "seed"] as const;

const only = (state: State, names: readonly (keyof State)[]): Changes =>
  Object.fromEntries(names.map((name) => [name, state[name]]));

export function reduce(state: State, action: Action): State {
  switch (action.type) {
    case "set":
      return { ...state, ...action.changes };
    case "toggle": {
      const values: readonly (number | string)[] = state[action.list];
      const has = values.includes(action.value);
      const next = has ? values.filter((one) => one !== action.value) : [...values, action.value];
      return { ...state, [action.list]: action.list === "show" ? next.toSorted((a, b) => Number(a) - Number(b)) : next };
    }
    case "all-images":
      return { ...state, ...only(START, FILTERS) };
    case "explore":
      return { ...START, ...only(state, KEPT), question: action.question, ...action.changes };
  }
}

export function isFiltered(state: State): boolean {
  return FILTERS.some((name) => TABLE[name]!.write(state[name]) !== TABLE[name]!.write(START[name]));
}

/** What is to be learned, as the server takes it. */
export function setupOf(state: State, hello: Hello): Setup {
  const recipe = hello.recipes.find((one) => one.name === state.recipe);
  const base = recipe?.setup ?? hello.setup;
  return {
    recipe: base.recipe,
    C: state.C ?? base.C,
    n_components: state.n_components ?? base.n_components,
    degree: state.degree ?? base.degree,
    classes: state.classes,
    n_train: state.n_train ?? base.n_train,
    seed: state.seed,
  };
}
