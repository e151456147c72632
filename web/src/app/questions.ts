/** Questions to explore: each sets the page up so that it can be answered by looking. */

import type { Changes } from "../state";
import type { DatasetSummary, Hello } from "../wire";

export interface Question {
  readonly name: string;
  readonly asked: string;
  /** What to look at, once the page is set up. */
  readonly look: string;
  readonly changes: Changes;
  /** Heading of the part of the room that it is about, where that is not its beginning. */
  readonly part?: string;
}

/** What is learned when nobody chose anything. */
const USUAL = { C: null, n_components: null, degree: null, n_train: null } as const;

export function questions(hello: Hello): readonly Question[] {
  const { dataset } = hello;
  const { height, width, channels, n, n_train, band } = dataset;
  const d = height * width * channels;
  const tested = n_train < n ? n_train : 0;
  const [one, other] = pair(dataset);
  const has = (name: string): boolean => hello.recipes.some((recipe) => recipe.name === name);
  const all: readonly (Question | false)[] = [
    {
      name: "columns",
      asked: `Why ${d} numbers?`,
      look: `An image is ${height} × ${width} squares${channels === 3 ? " of three colours" : ""}, laid end to end. Point at a square: its row, its column, and which column of X it became.`,
      changes: { room: "look", row: 0 },
    },
    {
      name: "range",
      asked: "How bright is a pixel, and how often?",
      look: "From 0, black as a shadow, to 255, white as the sun. Point at the hill: one number is far more common than all others.",
      changes: { room: "look" },
      part: "intensities",
    },
    {
      name: "useful",
      asked: "How much of it is truly useful?",
      look: "Pixels that never change carry nothing, and few directions carry nearly all of the variance. Then see in Shape how few are enough to recognise an image.",
      changes: { room: "look", map: "constant" },
      part: "maps",
    },
    {
      name: "band",
      asked: `What is in columns ${band[0]} to ${band[1]}?`,
      look: "The band through the middle, where the strokes are. As numbers in a line it says little to us; it is all the computer gets.",
      changes: { room: "look", row: 0, band: true },
    },
    {
      name: "patterns",
      asked: "How does a computer learn from pixels what humans recognise by patterns?",
      look: "Step through the training: the weights begin as nothing, and turn into pictures of what speaks for each class and what against it.",
      changes: { room: "learn", recipe: "pixels", classes: [], ...USUAL, pace: 4 },
    },
    {
      name: "overlook",
      asked: "What patterns do we overlook that machines might find fascinating?",
      look: "Directions in which images differ most. Nobody would draw them, yet a few together restore the image. Move the slider, point at a direction, and see where the image lies among all others.",
      changes: { room: "shape", row: tested, components: Math.min(12, d), x: 2, y: 3 },
    },
    has("symmetry") && {
      name: "two",
      asked: "How far do two numbers go?",
      look: `Only intensity and symmetry, and two classes: one line between them. Where it has to fail, no line could do better.`,
      changes: { room: "learn", recipe: "symmetry", classes: [one, other], ...USUAL, pace: 4 },
    },
    {
      name: "sigmoid",
      asked: "Why does the threshold stand at one half?",
      look: "The sigmoid is symmetric around z = 0, where it is 0.5. Move the threshold: what is won on one side is lost on the other.",
      changes: { room: "judge", recipe: "pixels", classes: [one, other], ...USUAL, threshold: 0.5 },
    },
    {
      name: "wrong",
      asked: "Where is it wrong, and sure of it?",
      look: "Wrong predictions, the surest first. Would you have read them rightly? Open one, and ask why.",
      // A model of two classes would be wrong about all others: it is learned anew with all of them.
      changes: { room: "look", outcome: "wrong", sort: "sure", split: n_train < n ? "test" : "all", classes: [] },
      part: "gallery",
    },
  ];
  return all.filter((question) => question !== false);
}

/** The part of the room that the open question is about. */
export function partOf(hello: Hello, name: string): string | undefined {
  return questions(hello).find((question) => question.name === name)?.part;
}

/** Bring a part of the room into view, by the id of its heading. */
export function bring(part: string | undefined, smooth: boolean): void {
  if (part === undefined) return;
  requestAnimationFrame(() => {
    document.getElementById(part)?.closest("section")?.scrollIntoView({ block: "start", behavior: smooth ? "smooth" : "auto" });
  });
}

/** Two classes that are worth telling apart: one and five of the digits, else the first two. */
function pair({ classes }: DatasetSummary): readonly [string, string] {
  const names = classes.map(({ name }) => name);
  if (names.includes("1") && names.includes("5")) return ["1", "5"];
  return [names[0] ?? "", names[1] ?? ""];
}
